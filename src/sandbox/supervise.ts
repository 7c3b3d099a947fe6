import { constants } from "node:os";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { Launch } from "./launch.ts";
import type { LimitGroup } from "./limits/limit-group.ts";
import { watchTree } from "./limits/process-tree.ts";
import { type Excess, watchLimits } from "./limits/watch-limits.ts";
import { OutputMeter } from "./output-meter.ts";
import type { ExitReason, SandboxedProcess, SandboxExit, SandboxLimits } from "./sandbox.ts";

/** How much of what bubblewrap complains about is kept. */
const complaintBytes = 2000;

/** Said by what becomes the program, and could not; bubblewrap itself then gives no exit code. */
const notFound = /^(prlimit: failed to execute|sandbox: cannot execute) /;

const statusSchema = z.object({ "child-pid": z.int().optional(), "exit-code": z.int().optional() });

/** Follows one start to its end: limits, time, output, cancellation; and says how it ended. */
export function supervise(
  { child, stdin, stdout, stderr, status }: Launch,
  options: {
    limits: SandboxLimits;
    group: LimitGroup | undefined;
    /** That it may write, as they are on this machine. */
    folders: readonly string[];
    signal: AbortSignal | undefined;
    /** Called once, when the tree is dead; nobody waits for it. */
    release(): void;
  },
): SandboxedProcess {
  const { limits, group, signal } = options;
  const startedAt = performance.now();
  let init: number | undefined;
  let exitCode: number | undefined;
  let killedFor: ExitReason | undefined;
  let dead = false;
  let complaint = "";

  /** The first process of the namespace takes all others with it; its parent ends when they are all dead. */
  function killFor(reason: ExitReason): void {
    if (dead || killedFor !== undefined) return;
    killedFor = reason;
    if (init === undefined) child.kill("SIGKILL");
    else killQuietly(init);
  }

  const watch = watchLimits(group ?? watchTree(() => init, limits.memoryBytes), limits, options.folders, killFor);
  const meter = new OutputMeter(limits.outputBytes, () => killFor("too-much-output"));
  const output = meter.pass(stdout);
  stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < complaintBytes) complaint += chunk.toString("utf8");
  });
  const errors = meter.pass(stderr);
  const timer = limits.wallMs === undefined ? undefined : setTimeout(() => killFor("timed-out"), limits.wallMs);
  const cancel = () => killFor("cancelled");
  signal?.addEventListener("abort", cancel, { once: true });
  readStatus(status, (line) => {
    init ??= line["child-pid"];
    exitCode ??= line["exit-code"];
    // It was killed before it could say whom to kill.
    if (killedFor !== undefined && init !== undefined && !dead) killQuietly(init);
  });

  const exited = end();
  return { stdout: output, stderr: errors, stdin, exited, kill: () => killFor("cancelled") };

  async function end(): Promise<SandboxExit> {
    const closed = Promise.all([stdout, stderr, status].map((stream) => untilClosed(stream)));
    // `once` rejects with the event `error`: not even the shell could be started.
    const launchError = await once(child, "exit").then(
      () => undefined,
      (error: unknown) => error,
    );
    if (init !== undefined) await untilDead(init);
    dead = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
    watch.stop();
    meter.drain();
    await closed;
    const excess = await watch.verdict().catch(() => undefined);
    const durationMs = performance.now() - startedAt;
    options.release();
    if (launchError instanceof Error) complaint ||= launchError.message;
    return describeExit({ killedFor, excess, exitCode, complaint, limits, durationMs });
  }
}

function describeExit(facts: {
  killedFor: ExitReason | undefined;
  excess: Excess | undefined;
  exitCode: number | undefined;
  complaint: string;
  limits: SandboxLimits;
  durationMs: number;
}): SandboxExit {
  const { killedFor, excess, exitCode, complaint, limits, durationMs } = facts;
  const signal = exitCode === undefined ? null : signalOf(exitCode);
  const reason =
    // A tree that is killed for its output or time may well have been over another limit; the first cause stands.
    killedFor ??
    excess ??
    (exitCode === undefined || (exitCode === 127 && notFound.test(complaint)) ? "failed-to-start" : undefined) ??
    (signal === "SIGXCPU" ? "too-much-cpu" : undefined) ??
    (signal === "SIGXFSZ" ? "too-much-disk" : "exited");
  if (reason === "exited") return { exitCode: exitCode ?? null, signal, reason, durationMs };
  const ended = reason === "failed-to-start" ? null : "SIGKILL";
  return { exitCode: null, signal: ended, reason, durationMs, message: explain(reason, limits, complaint) };
}

function explain(reason: Exclude<ExitReason, "exited">, limits: SandboxLimits, complaint: string): string {
  switch (reason) {
    case "cancelled":
      return "The program was cancelled.";
    case "timed-out":
      return `The program ran longer than ${(limits.wallMs ?? 0) / 1000} s.`;
    case "out-of-memory":
      return `The program used more than ${mebibytes(limits.memoryBytes)} of memory.`;
    case "too-much-output":
      return `The program printed more than ${limits.outputBytes} bytes.`;
    case "too-much-disk":
      return `The program wrote more than ${mebibytes(limits.diskBytes)} to disk.`;
    case "too-much-cpu":
      return `The program used more than ${limits.cpuSeconds} s of processor time.`;
    case "failed-to-start":
      return `The program could not be started: ${complaint.trim() || "the launcher ended without a word"}`;
    default:
      return reason satisfies never;
  }
}

/** What a shell, and bubblewrap, make of a signal: 128 and its number. */
function signalOf(exitCode: number): string | null {
  const entry = Object.entries(constants.signals).find(([, number]) => exitCode === 128 + number);
  return entry?.[0] ?? null;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}

function readStatus(status: Readable, onLine: (line: z.infer<typeof statusSchema>) => void): void {
  let text = "";
  status.setEncoding("utf8");
  status.on("error", () => undefined);
  status.on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) onLine(statusSchema.parse(JSON.parse(line)));
  });
}

async function untilClosed(stream: Readable): Promise<void> {
  if (!stream.closed) await once(stream, "close").catch(() => undefined);
}

/** Its parent may end a moment before it; while it is listed and no zombie, something in its namespace may live. */
async function untilDead(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    if (stat === undefined || stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")) return;
    await pause(1);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
