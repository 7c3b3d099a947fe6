import { constants } from "node:os";
import { RunyardError } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { SandboxExit } from "../../sandbox/sandbox.ts";
import type { ProgramFamily } from "./adapters.ts";
import type { ProgramWord } from "./protocol/program-output.ts";

/** How a run ended: well with an output, or with an error. */
export type ProgramEnd = { output: Json; error?: undefined } | { error: RunyardError };

/**
 * Says how a run ended, by its word and by how its process ended. An exit code of 0 means nothing when the program said
 * that it failed, and a result means nothing when it did not exit with 0.
 */
export function programEnd(exit: SandboxExit, word: ProgramWord, family: ProgramFamily): ProgramEnd {
  const error = failureOf(exit, word, family);
  if (error !== undefined) return { error };
  const { suspension, final } = word;
  if (suspension === undefined) return { output: final?.value ?? null };
  const { threadId, nextStep } = suspension;
  return {
    output: { status: "suspended", threadId, nextStep, ...(final === undefined ? {} : { output: final.value }) },
  };
}

function failureOf(exit: SandboxExit, word: ProgramWord, family: ProgramFamily): RunyardError | undefined {
  switch (exit.reason) {
    case "exited":
      if (word.error !== undefined) return new RunyardError("program_failed", word.error);
      if (word.overlong) {
        return new RunyardError(
          "program_limit",
          "The program's event is longer than is read (8 MiB). Write a file instead.",
        );
      }
      return exit.exitCode === 0 ? undefined : new RunyardError("program_failed", exitText(exit, word, family));
    case "timed-out":
      return new RunyardError("program_timeout", exit.message ?? "The program took longer than it may.");
    case "failed-to-start":
      return new RunyardError("sandbox_unavailable", exit.message ?? "The program could not be started.");
    case "cancelled":
      return new RunyardError("program_failed", "The program was stopped together with the server.");
    case "out-of-memory":
    case "too-much-output":
    case "too-much-disk":
    case "too-much-cpu":
      return new RunyardError("program_limit", exit.message ?? `The program went over a limit (${exit.reason}).`);
    default:
      return exit.reason satisfies never;
  }
}

/** Of a Node program its code says it all; a Python program that did not come to our runner's end has said why. */
function exitText({ exitCode, signal }: SandboxExit, { lastLines }: ProgramWord, family: ProgramFamily): string {
  const text = signal === null ? `Process exited with code ${exitCode}` : `Process was ended by ${signal}`;
  return family === "node" || lastLines === "" ? text : `${text}. Its last lines:\n${lastLines}`;
}

/** The exit code as shells and hosted platforms write it, also for a program that did not end by itself. */
export function exitCodeOf({ reason, exitCode, signal }: SandboxExit): number {
  switch (reason) {
    case "exited":
      return exitCode ?? (signal === null ? 1 : 128 + signalNumber(signal));
    case "timed-out":
      return 124;
    case "cancelled":
      return 130;
    case "failed-to-start":
      return 126;
    default:
      return 137;
  }
}

function signalNumber(signal: string): number {
  return new Map<string, number>(Object.entries(constants.signals)).get(signal) ?? 0;
}
