import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface BenchProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The first line it printed. */
  readonly firstLine: string;
}

/** Starts a Node process and resolves with its first line; disposing ends it and waits. */
export async function startProcess(args: readonly string[], env: Record<string, string> = {}): Promise<BenchProcess> {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, "line").then(([line]) => String(line)),
    once(child, "exit").then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`${args.join(" ")} ended before it said anything`);
  return {
    child,
    firstLine: first,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}
