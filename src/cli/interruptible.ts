import { ApiError, type Runyard } from "../../client/src/index.ts";
import type { Cli } from "./cli.ts";
import { CommandError, exitCodes } from "./exit-code.ts";

/**
 * Runs work that an execution belongs to. Ctrl-C cancels the execution, as soon as its id is known, and lets the work
 * come to its end; a second Ctrl-C leaves at once.
 *
 * @param work gets a signal that aborts on Ctrl-C, and a function to call with the execution's id once it is known
 * @throws CommandError with the exit code 130 after an interruption
 */
export async function interruptible<T>(
  cli: Cli,
  client: Runyard,
  work: (signal: AbortSignal, started: (executionId: string) => void) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  let executionId: string | undefined;
  let cancelling: Promise<void> | undefined;

  const cancelOnce = () => {
    if (executionId === undefined || cancelling !== undefined) return;
    cancelling = cancel(cli, client, executionId);
  };
  const release = cli.terminal.onSignal("SIGINT", () => {
    if (interrupted.signal.aborted) return abandoned.reject(interruption(executionId, "It may still run"));
    cli.note("Cancelling; Ctrl-C again leaves without waiting.", "yellow");
    interrupted.abort();
    cancelOnce();
  });
  const started = (id: string) => {
    executionId = id;
    if (interrupted.signal.aborted) cancelOnce();
  };
  try {
    const result = await Promise.race([work(interrupted.signal, started), abandoned.promise]);
    if (!interrupted.signal.aborted) return result;
  } catch (error) {
    if (!interrupted.signal.aborted || (error instanceof CommandError && error.exitCode === exitCodes.interrupted))
      throw error;
  } finally {
    release();
  }
  await cancelling;
  throw interruption(executionId, "It was cancelled");
}

async function cancel(cli: Cli, client: Runyard, executionId: string): Promise<void> {
  try {
    await client.executions.cancel(executionId);
  } catch (error) {
    // It ended by itself in the meantime.
    if (error instanceof ApiError && error.code === "execution_not_running") return;
    cli.note(`${executionId} could not be cancelled: ${error instanceof Error ? error.message : String(error)}`, "red");
  }
}

function interruption(executionId: string | undefined, state: string): CommandError {
  const hint = executionId === undefined ? undefined : `${state}: \`runyard executions show ${executionId}\`.`;
  return new CommandError(exitCodes.interrupted, "Interrupted.", hint === undefined ? {} : { hint });
}
