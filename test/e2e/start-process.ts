import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface RunningProcess extends AsyncDisposable {
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the match once what it wrote on either stream matches; rejects when it ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: "SIGINT" | "SIGTERM"): void;
  /** Exit code; rejects when a signal ended it. */
  ended: Promise<number>;
}

/** Starts a script of this repository as a process of its own, with this environment and no other. */
export function startProcess(
  script: string,
  args: readonly string[],
  environment: Record<string, string>,
): RunningProcess {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === null) reject(new Error(`${script} was ended by ${signal}`));
      else resolve(code);
    });
  });
  // Whoever does not ask how it ended has no use for a rejection.
  ended.catch(() => undefined);
  return {
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    signal: (name) => void child.kill(name),
    async until(pattern) {
      const seen = Promise.withResolvers<RegExpExecArray>();
      const watch = () => {
        const match = pattern.exec(written.stdout) ?? pattern.exec(written.stderr);
        if (match !== null) seen.resolve(match);
      };
      watchers.add(watch);
      watch();
      const early = ended.then((code): never => {
        throw new Error(`${script} ended with ${code} before ${pattern}:\n${written.stdout}\n${written.stderr}`);
      });
      try {
        return await Promise.race([seen.promise, early]);
      } finally {
        watchers.delete(watch);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended.catch(() => undefined);
    },
  };
}
