import type { DaemonKey, DaemonState } from "../../../contract/daemon.ts";
import type { ErrorFact } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { ExitReason } from "../../../sandbox/sandbox.ts";
import type { OutputSource } from "../protocol/program-output.ts";

/**
 * The daemons of this process: one supervised program for each (agent, user), kept in the sandbox between jobs, with the
 * workspace `daemon_shared` as its volume.
 */
export interface Daemons extends AsyncDisposable {
  /** Why there can be none on this machine; undefined when there can. */
  findProblem(): Promise<string | undefined>;
  /**
   * Runs one job in the daemon, which is made or started first when it is not up, also when its owner had paused it.
   * Jobs of one daemon run one at a time, in the order of the calls. A daemon that runs another version than the job's
   * is replaced before it.
   *
   * When the process dies under a job, the job ends with it and is not given to the next process: whether it may run
   * again is for the caller to say.
   *
   * @throws what the launch of the process throws; the signal's reason when it was aborted before the job had begun
   */
  run(key: DaemonKey, job: DaemonJob): Promise<DaemonJobEnd>;
  /** Has it run from now on, and resolves when it is up. @throws what kept it from coming up */
  start(key: DaemonKey): Promise<void>;
  /** Has it stay down: ends the process, and with it the job that it is at. Resolves when it is dead. */
  stop(key: DaemonKey): Promise<void>;
  /** A new process for a running one; starts one that is not. Resolves when it is up. */
  restart(key: DaemonKey): Promise<void>;
  /** Ends the processes of an agent's daemons, between two jobs; the next job or start brings each up again. */
  suspend(agent: Pick<DaemonKey, "organizationId" | "agentId">): Promise<void>;
  /** Ends what is left of a daemon and removes its volume. */
  terminate(key: DaemonKey): Promise<void>;
  /** What it is in this process; undefined when this process has not had it. */
  stateOf(key: DaemonKey): DaemonState | undefined;
}

export interface DaemonJob {
  executionId: Id;
  agentVersionId: Id;
  /** What the runner is told, in one line of its standard input: `input`, `environment`, `copies`. */
  request: JsonObject;
  /** Awaited when the process is up and the job about to be given to it. What it throws ends the job before it began. */
  onBegin?(): Promise<void>;
  /**
   * What the program writes to its outputs while it is at the job, as it comes; a line break of the runner's own may
   * stand at its end. Nothing more is read until a promise that it returns has resolved.
   */
  onOutput(chunk: Buffer, source: OutputSource): Promise<void> | void;
  /** What is done about the daemon before the job begins, in words for a person. */
  onStatus?(text: string): void;
  /** Aborting it takes the job out of the line, or kills the process when it is at it. */
  signal: AbortSignal;
  /** For the job alone, without the wait before it, in milliseconds. Past it the process is killed. */
  timeoutMs: number;
}

export interface DaemonJobEnd {
  /** 0 when the program came through; null when it was killed. */
  exitCode: number | null;
  /** `exited`: the program came to its end, or ended its process; otherwise why it was killed. */
  reason: ExitReason;
  /** From the moment the process was given the job, in milliseconds. */
  durationMs: number;
  /** In words, when the job did not come to its end. */
  message?: string;
}

/** What the supervisor is told of daemons, and tells, beyond its own memory; behind it are the operations. */
export interface DaemonRecords {
  /** Makes the daemon when there is none, and has it run from now on. */
  want(key: DaemonKey): Promise<void>;
  /** Told of each change. Does not throw. */
  note(key: DaemonKey, change: DaemonNote): void;
  /** The version that runs where nobody names one. @throws `agent_not_found`, `agent_paused`, `bundle_missing` */
  currentVersion(key: DaemonKey): Promise<Id>;
}

export interface DaemonNote {
  state: DaemonState;
  /** It is a new process after a crash. */
  restarted?: boolean;
  /** Why it is not up. Null: all is well. */
  error?: ErrorFact | null;
  /** It has been used. */
  isActive?: boolean;
}

/** Brings up the process of a daemon: what the runtime does to prepare a version, and the runner in serve mode. */
export interface DaemonLauncher {
  /**
   * Resolves when the process is there; it may not be ready for jobs yet.
   * @throws RunyardError `preparation_failed`, `sandbox_unavailable`, … when it cannot be brought up; the signal's reason
   */
  launch(request: LaunchRequest): Promise<ServeSession>;
  /** Removes everything that the daemons of this key have written. None of them is running. */
  removeVolume(key: DaemonKey): Promise<void>;
}

export interface LaunchRequest {
  key: DaemonKey;
  agentVersionId: Id;
  onStatus(text: string): void;
  signal: AbortSignal;
}

/** One process in serve mode, as the supervisor speaks to it. */
export interface ServeSession {
  /** Resolves when the process is ready for jobs. @throws RunyardError `program_failed` when it ends before that */
  readonly ready: Promise<void>;
  /**
   * Gives it a job and resolves with the exit code when the job has ended; undefined when the process died under it.
   * One at a time.
   */
  run(id: string, request: JsonObject, onOutput: DaemonJob["onOutput"]): Promise<number | undefined>;
  /** Resolves with true when it has answered; with false when it died first. */
  ping(): Promise<boolean>;
  /** Resolves with why, when the process has ended. Never rejects. */
  readonly exited: Promise<SessionExit>;
  /** Lets it end by itself once it is through with its job, and kills it after `graceMs`. */
  end(graceMs: number): void;
  /** Kills the process at once. */
  kill(): void;
}

export interface SessionExit {
  exitCode: number | null;
  reason: ExitReason;
  message?: string;
}
