import type { ErrorFact } from "./errors.ts";
import type { Id } from "./ids.ts";

/** What its owner wants of a daemon: `running` survives crashes and restarts of the server, `paused` stays down. */
export const daemonWishes = ["running", "paused"] as const;
export type DaemonWish = (typeof daemonWishes)[number];

/**
 * What a daemon's process is. `created`: there was none yet. `started`: it takes jobs. `suspended`: it was idle, and the
 * next job starts it. `stopped`: by its owner, or with the server. `stopping`, `restarting` (after a crash, or asked
 * for), `replacing` (by another version): on the way. `destroyed`: terminated; nothing is left of it.
 */
export const daemonStates = [
  "created",
  "started",
  "stopped",
  "suspended",
  "stopping",
  "restarting",
  "replacing",
  "destroyed",
] as const;
export type DaemonState = (typeof daemonStates)[number];

/** Which daemon: an agent has one for each of its users. */
export interface DaemonKey {
  organizationId: Id;
  agentId: Id;
  userId: string;
}

/** A supervised process with a volume of its own. Times are epoch milliseconds. */
export interface Daemon extends DaemonKey {
  id: Id;
  wanted: DaemonWish;
  state: DaemonState;
  /** How often it came back after a crash. */
  restarts: number;
  /** Why it is not up, or was not at the last try. */
  lastError: ErrorFact | undefined;
  /** When it last took a job or was started. */
  lastActiveAt: number;
  createdAt: number;
  updatedAt: number;
}
