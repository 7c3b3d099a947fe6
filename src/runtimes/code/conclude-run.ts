import type { DomainEvent } from "../../contract/events.ts";
import type { Json } from "../../contract/json.ts";
import { AttemptStopped, type StepContext } from "../../engine/program.ts";
import type { SandboxExit } from "../../sandbox/sandbox.ts";
import { exitCodeOf, type ProgramEnd } from "./program-end.ts";
import type { ProgramWord } from "./protocol/program-output.ts";

export interface RunEnd {
  word: ProgramWord;
  exit: SandboxExit;
  /** What they come to, for a run that nobody stopped. */
  end: ProgramEnd;
  /** Keeps the files that the program leaves, before its process is said to have finished. */
  keepFiles?: () => Promise<void>;
}

/**
 * Says what has its place at the end of a run, in its order.
 *
 * @returns the execution's output
 * @throws the error of the end; the signal's reason
 */
export async function concludeRun(
  step: Pick<StepContext, "emit" | "signal">,
  { word, exit, end, keepFiles }: RunEnd,
): Promise<Json> {
  const finished: DomainEvent = {
    type: "process-finished",
    body: { exitCode: exitCodeOf(exit), reason: exit.reason, durationMs: Math.round(exit.durationMs) },
  };
  if (step.signal.aborted) {
    const stopped: unknown = step.signal.reason;
    // An attempt that is handed back or lost goes on elsewhere; only a cancelled run has come to its end.
    if (stopped instanceof AttemptStopped && stopped.why === "cancelled") {
      step.emit({ type: "failure-noted", body: { message: "The run was cancelled." } });
      step.emit(finished);
    }
    throw stopped;
  }
  if (word.state !== undefined) step.emit({ type: "state-saved", body: { state: word.state } });
  if (end.error === undefined) {
    if (word.suspension !== undefined) step.emit({ type: "suspension-noted", body: word.suspension });
    if (word.final !== undefined || word.suspension === undefined) {
      const final = word.final ?? { type: "markdown", value: null };
      step.emit({ type: "output-produced", body: { key: "final", ...final } });
    }
  } else {
    step.emit({ type: "failure-noted", body: { message: end.error.message } });
  }
  await keepFiles?.();
  step.emit(finished);
  if (end.error !== undefined) throw end.error;
  return end.output;
}
