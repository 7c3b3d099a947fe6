import { text } from "node:stream/consumers";
import { RunyardError } from "../../../contract/errors.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";

/**
 * Runs a program in the sandbox that prints what it is.
 * @throws `preparation_failed` when it cannot
 */
export async function readVersion(sandbox: Pick<Sandbox, "start">, command: readonly string[]): Promise<string> {
  const process = await sandbox.start({
    command,
    workingDirectory: "/",
    environment: { LANG: "C.UTF-8" },
    mounts: [],
    limits: {
      wallMs: 30_000,
      cpuSeconds: 20,
      memoryBytes: 512 * 1024 * 1024,
      processes: 32,
      openFiles: 256,
      diskBytes: 1024 * 1024,
      outputBytes: 64 * 1024,
    },
  });
  const [printed, complaint, exit] = await Promise.all([text(process.stdout), text(process.stderr), process.exited]);
  if (exit.reason === "exited" && exit.exitCode === 0) return printed.trim();
  const said = complaint.trim().split("\n").at(-1) ?? "";
  const why = exit.message ?? (said === "" ? `exit code ${exit.exitCode}` : said);
  throw new RunyardError("preparation_failed", `${command[0]} does not work in the sandbox: ${why}`);
}
