/** Points that every start passes, also the first one on an empty data directory. */
export const startPoints = [
  "recover",
  "recovered",
  "run",
  "group-to-commit",
  "group-to-sync",
  "group-committed",
] as const;

/** Points that only the first start passes. */
export const migrationPoints = ["migration-to-commit", "migration-committed"] as const;

/** Points that work passes. */
export const workPoints = [
  "start-to-commit",
  "start-committed",
  "claim-to-commit",
  "claim-committed",
  "append-to-commit",
  "append-committed",
  "step-returned",
  "step-to-commit",
  "step-committed",
  "completed-to-commit",
  "completed-committed",
  "failed-to-commit",
  "failed-committed",
  "suspended-to-commit",
  "suspended-committed",
  "signal-to-commit",
  "signal-committed",
  "cancel-to-commit",
  "cancel-committed",
  "cancelled-to-commit",
  "cancelled-committed",
  "end-to-commit",
  "end-committed",
] as const;

/** Points that a server passes when it was asked to stop while something runs. */
export const drainPoints = ["handed-back-to-commit", "handed-back-committed"] as const;

export const allPoints: readonly string[] = [...startPoints, ...migrationPoints, ...workPoints, ...drainPoints];
