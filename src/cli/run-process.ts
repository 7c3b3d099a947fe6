import { version } from "../contract/version.ts";
import { exitCodes } from "./exit-code.ts";
import { runCommandLine } from "./run-command-line.ts";
import type { Terminal } from "./terminal.ts";

/** Runs a command line as this process: its streams, its environment, its signals, its exit code. */
export async function runProcess(args: string[]): Promise<void> {
  const terminal: Terminal = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    onSignal(signal, callback) {
      process.on(signal, callback);
      return () => process.off(signal, callback);
    },
  };

  // `runyard … | head`: whoever read us has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
    throw error;
  });

  // What cannot be told (a full disk) is no reason to stop: a server would not finish what runs.
  process.stderr.on("error", () => undefined);

  process.exitCode = await runCommandLine(args, version, terminal);
  // What was interrupted may still hold a connection open; everything else ends by itself, its output written.
  if (process.exitCode === exitCodes.interrupted) process.exit();
}
