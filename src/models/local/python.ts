import { spawn } from "node:child_process";
import { RunyardError } from "../../contract/errors.ts";

/** How a Python program ended. `missing` when there is no such command. */
export type PythonExit = { missing: true } | { missing: false; code: number | null; errorText: string };

const maxErrorText = 4_000;

/**
 * Runs a Python program given as text, with the user's environment, because pip takes index, proxy and certificates from
 * there. Killed when `signal` aborts.
 * @throws RunyardError `cancelled` when `signal` aborts
 */
export async function runPython(
  command: string,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<PythonExit> {
  const { promise, resolve } = Promise.withResolvers<PythonExit>();
  const child = spawn(command, ["-c", program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let errorText = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errorText = (errorText + text).slice(-maxErrorText);
  });
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  child.once("error", () => resolve({ missing: true }));
  child.once("close", (code) => resolve({ missing: false, code, errorText }));
  const exit = await promise;
  signal.removeEventListener("abort", kill);
  if (signal.aborted) throw new RunyardError("cancelled", "The download was cancelled.", { cause: signal.reason });
  return exit;
}
