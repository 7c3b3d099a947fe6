/** How far a pull has come. */
export interface PullProgress {
  phase: "downloading" | "unpacking" | "checking" | "ready";
  bytesDone: number;
  /** Undefined while nobody has said how many there will be. */
  bytesTotal: number | undefined;
}

export type OnPullProgress = (progress: PullProgress) => void;
