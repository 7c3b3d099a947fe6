import type { DaemonKey, DaemonState } from "../../../contract/daemon.ts";
import { type ErrorCode, type ErrorFact, errorFact, RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type {
  DaemonJob,
  DaemonJobEnd,
  DaemonLauncher,
  DaemonNote,
  DaemonRecords,
  ServeSession,
  SessionExit,
} from "./daemons.ts";
import { aborted, within } from "./patience.ts";
import { type BackoffTimes, RestartBackoff } from "./restart-backoff.ts";

/** All in milliseconds. */
export interface DaemonTimes extends BackoffTimes {
  /** Without a job for this long, the process is stopped; the next job starts it again. */
  idleMs: number;
  /** For a process to say that it is ready, from its launch. */
  bootMs: number;
  /** For it to answer a ping between jobs. */
  pingMs: number;
  /** For it to end by itself when it is asked to. */
  graceMs: number;
}

export interface MachineParts {
  launcher: DaemonLauncher;
  records: DaemonRecords;
  times: DaemonTimes;
  /** Monotonic, in milliseconds. */
  clock: () => number;
}

/** Why a process was ended by us. */
type Ending = "stop" | "suspend" | "idle" | "restart" | "replace" | "job" | "hung" | "close";

interface Running {
  session: ServeSession;
  versionId: Id;
  upAt: number;
  ending?: Ending;
  isPinged: boolean;
}

/** Another try would come to the same; the next job or start tries again. */
const lastingFailures: ReadonlySet<ErrorCode> = new Set([
  "agent_not_found",
  "agent_paused",
  "agent_version_not_found",
  "bundle_missing",
  "bundle_invalid",
  "preparation_failed",
  "sandbox_unavailable",
  "unprocessable",
]);

/** A daemon that was used is noted as such no more often than this. */
const noteActivityMs = 60_000;

/**
 * One daemon. `created` until its first process is up; `started` while a process takes jobs, one at a time. From there:
 *
 * - no job for a while: `stopping`, then `suspended`; the next job starts it again;
 * - its owner stops it: `stopping`, then `stopped`; the next start or job starts it again;
 * - the process ends by itself, does not answer, or was killed with its job: `restarting`, after a wait `started`; or
 *   `stopped`, when what kept the next process from coming up will not pass by itself;
 * - a job of another version comes, or its owner wants a new process: `replacing` or `restarting`, then `started`.
 */
export class DaemonMachine {
  readonly #key: DaemonKey;
  readonly #parts: MachineParts;
  #state: DaemonState = "created";
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  #startAbort: AbortController | undefined;
  /** The end of the last job in line. */
  #line: Promise<unknown> = Promise.resolve();
  #jobs = 0;
  /** Counts the stops: a job that was in line at one is not begun after it. */
  #stops = 0;
  #isWanted = false;
  #isClosed = false;
  readonly #backoff: RestartBackoff;
  #hasCrashed = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #activeAt = Number.NEGATIVE_INFINITY;

  constructor(key: DaemonKey, parts: MachineParts) {
    this.#key = key;
    this.#parts = parts;
    this.#backoff = new RestartBackoff(parts.times);
  }

  get state(): DaemonState {
    return this.#state;
  }

  async run(job: DaemonJob): Promise<DaemonJobEnd> {
    const stops = this.#stops;
    const before = this.#line;
    const turn = before.then(() => {
      job.signal.throwIfAborted();
      return stops === this.#stops ? this.#runNext(job) : stoppedBefore;
    });
    this.#line = turn.catch(() => {});
    this.#jobs += 1;
    clearTimeout(this.#idleTimer);
    try {
      return await aborted(job.signal, before).then(() => turn);
    } finally {
      this.#jobs -= 1;
      this.#armIdle();
    }
  }

  async start(): Promise<void> {
    await this.#want();
    await this.#up(undefined, () => {});
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#end("stop", "stopping", this.#parts.times.graceMs);
    this.#enter("stopped");
  }

  /** Takes its turn behind the jobs that are in line. */
  async suspend(): Promise<void> {
    const turn = this.#line.then(async () => {
      if (this.#running === undefined) return;
      await this.#end("suspend", "stopping", this.#parts.times.graceMs);
      this.#enter("suspended");
    });
    this.#line = turn.catch(() => {});
    await turn;
  }

  async restart(): Promise<void> {
    await this.#end("restart", "restarting", this.#parts.times.graceMs);
    await this.start();
  }

  /** Kills it for good; whatever is called from here on fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isWanted = false;
    await this.#end("close", undefined, 0);
  }

  /** Kills a process that has not answered since the last check, and asks it again otherwise. Does not wait. */
  checkHealth(): void {
    const running = this.#running;
    if (running === undefined || running.ending !== undefined || this.#jobs > 0) return;
    if (running.isPinged) {
      running.ending = "hung";
      running.session.kill();
      return;
    }
    running.isPinged = true;
    void running.session.ping().then(() => (running.isPinged = false));
  }

  async #runNext(job: DaemonJob): Promise<DaemonJobEnd> {
    await aborted(job.signal, this.#want());
    const running = await aborted(job.signal, this.#answering(job));
    this.#noteActivity();
    if (job.onBegin !== undefined) await aborted(job.signal, job.onBegin());
    const { clock } = this.#parts;
    const begunAt = clock();
    let killed: DaemonJobEnd["reason"] | undefined;
    const kill = (reason: DaemonJobEnd["reason"]): void => {
      killed ??= reason;
      running.ending ??= "job";
      running.session.kill();
    };
    const timer = setTimeout(() => kill("timed-out"), job.timeoutMs);
    const onAbort = (): void => kill("cancelled");
    job.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const exitCode = await running.session.run(job.executionId, job.request, (chunk, source) =>
        job.onOutput(chunk, source),
      );
      if (exitCode !== undefined) return { exitCode, reason: "exited", durationMs: clock() - begunAt };
      const exit = await running.session.exited;
      return { ...endUnder(exit, running.ending, killed, job.timeoutMs), durationMs: clock() - begunAt };
    } finally {
      clearTimeout(timer);
      job.signal.removeEventListener("abort", onAbort);
    }
  }

  /** A process of the job's version that has just answered: a job is not given to one that hangs. */
  async #answering(job: DaemonJob): Promise<Running> {
    const onStatus = (text: string): void => job.onStatus?.(text);
    for (let count = 1; ; count += 1) {
      const running = await this.#up(job.agentVersionId, onStatus);
      const answered = await within(this.#parts.times.pingMs, running.session.ping());
      if (answered === true) return running;
      if (answered === undefined) {
        running.ending ??= "hung";
        running.session.kill();
      }
      await running.session.exited;
      if (count === 2) throw new RunyardError("program_failed", "The daemon came up twice and answered neither time.");
    }
  }

  /** The process that there is, or a new one. @param versionId undefined: any; a new one gets the current one */
  async #up(versionId: Id | undefined, onStatus: (text: string) => void): Promise<Running> {
    for (;;) {
      if (this.#isClosed) throw new RunyardError("overloaded", "The server is stopping.");
      const running = this.#running;
      if (running === undefined) {
        clearTimeout(this.#retryTimer);
        const begun = this.#starting === undefined;
        this.#starting ??= this.#bringUp(versionId, onStatus).finally(() => (this.#starting = undefined));
        // What failed for another caller is tried once more for this one.
        await (begun ? this.#starting : this.#starting.catch(() => {}));
      } else if (running.ending !== undefined) {
        await running.session.exited;
      } else if (versionId !== undefined && running.versionId !== versionId) {
        onStatus("Replacing the daemon by another version");
        await this.#end("replace", "replacing", this.#parts.times.graceMs);
      } else {
        return running;
      }
    }
  }

  async #bringUp(versionId: Id | undefined, onStatus: (text: string) => void): Promise<void> {
    const { launcher, records, times, clock } = this.#parts;
    const abort = new AbortController();
    this.#startAbort = abort;
    let session: ServeSession | undefined;
    try {
      onStatus("Starting the daemon");
      const agentVersionId = versionId ?? (await records.currentVersion(this.#key));
      const { signal } = abort;
      session = await launcher.launch({ key: this.#key, agentVersionId, onStatus, signal });
      await aborted(
        signal,
        within(
          times.bootMs,
          session.ready.then(() => true),
        ),
      ).then((isReady) => {
        if (isReady !== true) throw new RunyardError("program_failed", "The daemon did not become ready in time.");
      });
      const running: Running = { session, versionId: agentVersionId, upAt: clock(), isPinged: false };
      this.#running = running;
      void session.exited.then((exit) => this.#onExit(running, exit));
      this.#enter("started", { error: null, isActive: true, restarted: this.#hasCrashed });
      this.#hasCrashed = false;
      this.#armIdle();
    } catch (error) {
      session?.kill();
      await session?.exited;
      if (!abort.signal.aborted) this.#failedToStart(error);
      throw error;
    } finally {
      this.#startAbort = undefined;
    }
  }

  #onExit(running: Running, exit: SessionExit): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    clearTimeout(this.#idleTimer);
    const livedMs = this.#parts.clock() - running.upAt;
    switch (running.ending) {
      case "close":
      case "stop":
      case "suspend":
      case "restart":
      case "replace":
        return; // whoever ended it goes on
      case "idle":
        return this.#enter("suspended");
      case "job":
        return this.#retryIn(this.#parts.times.firstBackoffMs);
      case "hung":
        return this.#crashed("It did not answer any more and was killed.", livedMs);
      case undefined:
        return this.#crashed(describeExit(exit), livedMs);
    }
  }

  #failedToStart(error: unknown): void {
    const fact = errorFact(error);
    if (lastingFailures.has(fact.code)) this.#enter("stopped", { error: fact });
    else this.#crashed(fact.message, 0);
  }

  #crashed(message: string, livedMs: number): void {
    this.#hasCrashed = true;
    this.#retryIn(this.#backoff.afterCrash(livedMs), { code: "program_failed", message });
  }

  #retryIn(delayMs: number, error?: ErrorFact): void {
    if (!this.#isWanted || this.#isClosed) return;
    this.#enter("restarting", error === undefined ? {} : { error });
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#retry(), delayMs);
  }

  async #retry(): Promise<void> {
    if (!this.#isWanted || this.#running !== undefined || this.#starting !== undefined) return;
    await this.#up(undefined, () => {}).catch(() => {}); // noted, and tried again if that makes sense
  }

  /** Ends the process, or what is being done to bring one up, and waits for that. */
  async #end(ending: Ending, state: DaemonState | undefined, graceMs: number): Promise<void> {
    if (ending === "stop" || ending === "close") this.#stops += 1;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#idleTimer);
    this.#startAbort?.abort(new RunyardError("cancelled", "The daemon was stopped while it was being started."));
    await this.#starting?.catch(() => {});
    const running = this.#running;
    if (running === undefined) return;
    running.ending = ending;
    if (state !== undefined) this.#enter(state);
    if (graceMs > 0) running.session.end(graceMs);
    else running.session.kill();
    await running.session.exited;
    this.#running = undefined;
  }

  #armIdle(): void {
    clearTimeout(this.#idleTimer);
    const running = this.#running;
    if (running === undefined || running.ending !== undefined || this.#jobs > 0) return;
    this.#idleTimer = setTimeout(() => {
      running.ending = "idle";
      this.#enter("stopping");
      running.session.end(this.#parts.times.graceMs);
    }, this.#parts.times.idleMs);
    this.#idleTimer.unref();
  }

  async #want(): Promise<void> {
    if (this.#isWanted) return;
    await this.#parts.records.want(this.#key);
    this.#isWanted = true;
  }

  #noteActivity(): void {
    const now = this.#parts.clock();
    if (now - this.#activeAt < noteActivityMs) return;
    this.#activeAt = now;
    this.#parts.records.note(this.#key, { state: this.#state, isActive: true });
  }

  #enter(state: DaemonState, note: Omit<DaemonNote, "state"> = {}): void {
    if (this.#isClosed) return; // what it was is what the next server goes by
    this.#state = state;
    this.#parts.records.note(this.#key, { state, ...note });
  }
}

const stoppedBefore: DaemonJobEnd = {
  exitCode: null,
  reason: "cancelled",
  durationMs: 0,
  message: "The daemon was stopped before the run had begun.",
};

/** How a job ended whose process ended under it. */
function endUnder(
  exit: SessionExit,
  ending: Ending | undefined,
  killed: DaemonJobEnd["reason"] | undefined,
  timeoutMs: number,
): Omit<DaemonJobEnd, "durationMs"> {
  if (killed === "timed-out") {
    return { exitCode: null, reason: killed, message: `The run took longer than ${timeoutMs} ms.` };
  }
  if (killed !== undefined) return { exitCode: null, reason: killed, message: "The run was cancelled." };
  if (ending !== undefined) return { exitCode: null, reason: "cancelled", message: "The daemon was stopped." };
  // An exit code of 0 is no good end of a job that it was given.
  const exitCode = exit.exitCode === 0 ? 1 : exit.exitCode;
  return { exitCode, reason: exit.reason, message: `The daemon ended during the run: ${describeExit(exit)}` };
}

function describeExit({ exitCode, reason, message }: SessionExit): string {
  if (message !== undefined) return message;
  return exitCode === null ? `Its process was ended (${reason}).` : `Its process ended with code ${exitCode}.`;
}
