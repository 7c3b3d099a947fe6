import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

/**
 * Runs programs that nobody trusts: in namespaces of their own, as an unprivileged user, with a read-only system, the
 * folders that are mounted for them and nothing else, under limits. Dispose of it when no program runs any more.
 */
export interface Sandbox extends AsyncDisposable {
  /** Why programs cannot be run here; undefined when they can. For an operator: what is missing and how to get it. */
  readonly problem: string | undefined;
  /**
   * What holds programs to their limits. With `rlimits` the kernel holds each process to them, and memory and processor time
   * of the whole tree are only looked at now and then.
   */
  readonly limitsBy: "cgroup-v1" | "cgroup-v2" | "rlimits";
  /** The programs that are found inside by name, besides what `/usr` has. */
  readonly tools: readonly SandboxTool[];
  /** `PATH` of a program; its environment has it unless it sets another. */
  readonly path: string;
  /**
   * Starts a program under limits. The caller reads both outputs to their ends or destroys them.
   * @throws RunyardError `sandbox_unavailable` when there is a problem; `invalid_field_value` for text that cannot be
   *   handed to a program (a NUL, a variable without a name); the signal's reason when it has been aborted
   */
  start(options: SandboxOptions): Promise<SandboxedProcess>;
  /**
   * Makes `path` and all in it a folder that programs may write when it is mounted for writing; creates it when missing.
   * Links are not followed. No program may be running in it, or what that one makes meanwhile may be left out.
   */
  makeWritable(path: string): Promise<void>;
  /** Makes `path` and all in it readable for programs when it is mounted; it stays the server's. Links are not followed. */
  makeReadable(path: string): Promise<void>;
}

export interface SandboxTool {
  readonly name: "node" | "npm" | "python3" | "uv";
  /** Where it is on this machine; undefined when there is none. */
  readonly source: string | undefined;
}

export interface SandboxMount {
  /** Absolute, on this machine; under the sandbox's folder, or where everybody may look. */
  source: string;
  /** Absolute, inside. */
  target: string;
  access: "read" | "write";
}

export interface SandboxOptions {
  /** Looked up inside; no shell. */
  command: readonly string[];
  /** Inside. */
  workingDirectory: string;
  /** The whole environment, but for `PATH` and the addresses of the proxy. */
  environment: Readonly<Record<string, string>>;
  mounts: readonly SandboxMount[];
  limits: SandboxLimits;
  /** Without it the program has no network at all. */
  network?: SandboxNetwork;
  /** Aborting it kills the program and all it started. */
  signal?: AbortSignal;
  /** Default `none`: the program reads the end at once. */
  stdin?: "none" | "pipe";
}

/** Where a program may connect to: the egress guard, handed in. */
export interface SandboxNetwork {
  /**
   * Opens a connection for a program. A RunyardError tells the program why it was refused (403); anything else that is
   * thrown becomes a 502.
   */
  connect(target: { host: string; port: number }, signal: AbortSignal): Promise<Socket>;
}

export interface SandboxLimits {
  /** Undefined: for as long as it likes, as a daemon does. */
  wallMs: number | undefined;
  /** Of all processors and processes together. */
  cpuSeconds: number;
  memoryBytes: number;
  /** At one time, threads included. */
  processes: number;
  /** For each process. */
  openFiles: number;
  /** Size of `/tmp`, of the largest file, and of all that changes in the folders mounted for writing. */
  diskBytes: number;
  /** Both outputs together. Undefined: without end. */
  outputBytes: number | undefined;
}

export interface SandboxedProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Only with `stdin: "pipe"`. */
  readonly stdin: Writable | undefined;
  /** Resolves when the whole tree is dead and both outputs have ended. Never rejects. */
  readonly exited: Promise<SandboxExit>;
  /** Kills the whole tree at once; its exit is `cancelled`. Does nothing when it has ended. */
  kill(): void;
}

export interface SandboxExit {
  /** Null when it did not end by itself. */
  exitCode: number | null;
  /** The signal that ended the program, like `SIGSEGV`; `SIGKILL` when we ended it. */
  signal: string | null;
  reason: ExitReason;
  durationMs: number;
  /** In words, when the reason is not `exited`. */
  message?: string;
}

export type ExitReason =
  | "exited"
  | "cancelled"
  | "timed-out"
  | "out-of-memory"
  | "too-much-output"
  | "too-much-disk"
  | "too-much-cpu"
  | "failed-to-start";
