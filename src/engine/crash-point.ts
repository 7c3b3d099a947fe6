/**
 * Called at named points: before and after each commit, between an effect and its journal row, during start-up. A crash
 * drill passes one in that kills the process at a point of its choice; otherwise there is none.
 */
export type CrashPoint = (name: string) => void;
