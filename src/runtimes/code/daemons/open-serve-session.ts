import { randomBytes } from "node:crypto";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { type JsonObject, jsonSchema } from "../../../contract/json.ts";
import type { SandboxedProcess } from "../../../sandbox/sandbox.ts";
import type { DaemonJob, ServeSession, SessionExit } from "./daemons.ts";
import { SaidLines } from "./said-lines.ts";

/** What the runner says of itself; see `runyard_serve.py`. */
const saidSchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ ready: z.literal(false), error: z.string() }),
  z.object({ started: z.string() }),
  z.object({ done: z.string(), exitCode: z.int() }),
  z.object({ pong: jsonSchema }),
]);
type Said = z.infer<typeof saidSchema>;

interface CurrentJob {
  id: string;
  hasStarted: boolean;
  onOutput: DaemonJob["onOutput"];
  end(exitCode: number | undefined): void;
}

/**
 * Speaks to a process that runs a runner in serve mode: JSON lines in, and between the program's own output the runner's
 * lines, which begin with a token that it was told first.
 *
 * @param process started with `stdin: "pipe"`
 * @param settings the first line, beside the token: how the runner finds and calls the program
 */
export function openServeSession(process: SandboxedProcess, settings: JsonObject): ServeSession {
  const token = `runyard-${randomBytes(16).toString("hex")}`;
  let job: CurrentJob | undefined;
  let pings: ((answered: boolean) => void)[] = [];
  let killTimer: NodeJS.Timeout | undefined;
  let complaint: string | undefined;
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {}); // whoever does not wait for it hears of it by the exit

  const tell = (line: JsonObject): void => void process.stdin?.write(`${JSON.stringify(line)}\n`);
  process.stdin?.on("error", () => {}); // it has ended; `exited` tells

  const hear = (said: Said): void => {
    if ("pong" in said) {
      const waiting = pings;
      pings = [];
      for (const answer of waiting) answer(true);
    } else if ("started" in said) {
      if (job?.id === said.started) job.hasStarted = true;
    } else if ("done" in said) {
      const ended = job;
      if (ended?.id !== said.done) return;
      // What it wrote to the other output before this line is in its pipe, and is read in the next turns of the loop.
      setImmediate(() => setImmediate(() => finish(ended, said.exitCode)));
    } else if (said.ready) {
      ready.resolve();
    } else {
      complaint = said.error;
    }
  };
  const finish = (ended: CurrentJob, exitCode: number | undefined): void => {
    if (job !== ended) return;
    job = undefined;
    ended.end(exitCode);
  };
  /** Output of a program between its jobs is nobody's. */
  const show = (bytes: Buffer, source: "stdout" | "stderr"): void => {
    if (job?.hasStarted !== true) return;
    const taken = job.onOutput(bytes, source);
    if (taken === undefined) return;
    const stream = process[source];
    stream.pause();
    // What it comes to is the business of whoever gave the promise.
    void taken.catch(() => {}).finally(() => stream.resume());
  };

  const lines = new SaidLines(token);
  process.stdout.on("data", (chunk: Buffer) => {
    for (const part of lines.push(chunk)) {
      if (part.type === "output") show(part.bytes, "stdout");
      else hearText(part.text, hear);
    }
  });
  process.stderr.on("data", (chunk: Buffer) => show(chunk, "stderr"));
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});

  const exited = process.exited.then(({ exitCode, reason, message }): SessionExit => {
    clearTimeout(killTimer);
    const words = complaint ?? message;
    const why = words ?? `it ended with code ${exitCode ?? "none"}`;
    ready.reject(new RunyardError("program_failed", `The daemon did not come up: ${why}`));
    for (const answer of pings) answer(false);
    pings = [];
    if (job !== undefined) finish(job, undefined);
    return { exitCode, reason, ...(words !== undefined && { message: words }) };
  });
  let hasExited = false;
  void exited.then(() => (hasExited = true));

  tell({ ...settings, token });
  return {
    ready: ready.promise,
    exited,
    run(id, request, onOutput) {
      if (job !== undefined) throw new Error("a daemon is given one job at a time");
      if (hasExited) return Promise.resolve(undefined);
      return new Promise((end) => {
        job = { id, hasStarted: false, onOutput, end };
        tell({ ...request, job: id });
      });
    },
    ping() {
      if (hasExited) return Promise.resolve(false);
      return new Promise((answer) => {
        pings.push(answer);
        tell({ ping: 1 });
      });
    },
    end(graceMs) {
      if (hasExited || killTimer !== undefined) return;
      process.stdin?.end();
      killTimer = setTimeout(() => process.kill(), graceMs);
    },
    kill: () => process.kill(),
  };
}

/** A line that is none of those that we know is left alone: the program has found out the token, or is newer than we. */
function hearText(text: string, hear: (said: Said) => void): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  const said = saidSchema.safeParse(value);
  if (said.success) hear(said.data);
}
