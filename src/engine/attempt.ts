import type { DomainEvent, EventOf, StoredEvent } from "../contract/events.ts";
import { errorFact, RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Database } from "../store/database.ts";
import { type Statement, StoreUnavailable, type UnitResult, UnitRejected } from "../store/statement.ts";
import { delayBeforeTry, pause } from "./backoff.ts";
import { countEvents, noCounts } from "./count-events.ts";
import type { CrashPoint } from "./crash-point.ts";
import { type EventFeed, readEvent } from "./event-feed.ts";
import type { EngineHooks, ExecutionFacts } from "./hooks.ts";
import { isOutsideSteps, type Journal } from "./journal.ts";
import {
  AttemptStopped,
  type Ctx,
  type Program,
  type RetryPolicy,
  type StepContext,
  type StepOptions,
} from "./program.ts";
import { parentSignal, type SignalledExecution } from "./parent-signal.ts";
import type { Counts, GuardQueries } from "./guard-queries.ts";
import type { EngineQueries } from "./queries.ts";

export interface AttemptOptions {
  facts: ExecutionFacts;
  attempt: number;
  /** How many signals the row counts, all of them in the journal; a suspension is conditional on it. */
  signals: number;
  /** Where the log ended when the attempt began. */
  lastSeq: number;
  journal: Journal;
  hasFirstToken: boolean;
  /** The process died under an earlier attempt, and nothing was journaled since. */
  hasCrashed: boolean;
  database: Database;
  queries: EngineQueries;
  feed: EventFeed;
  hooks: EngineHooks;
  /** The parent of this execution got a signal in the commit that ended it. */
  onParentSignalled: (parent: SignalledExecution) => void;
  now: () => number;
  crashPoint?: CrashPoint;
}

export type AttemptOutcome = "completed" | "failed" | "cancelled" | "suspended" | "handed-back" | "lost";

interface Pending {
  event: DomainEvent;
  step: number;
  at: number;
}

interface PendingWait {
  name: string;
  until: number | undefined;
  /** Called when something may have come for it. */
  look: () => void;
}

/** Makes the guard of a unit that changes the execution's row, out of one set of queries or the other. */
type Change = (queries: GuardQueries) => Statement;

const must = { expectsRow: true };

/** A later delta of a text waits this long for more to come; the first goes out at once. */
const coalesceMs = 25;

/**
 * One hold on one execution: runs the program, journals its steps, and writes its log. All writes go through `#commit`,
 * one at a time, each conditional on the attempt number; the first that is refused ends the attempt.
 *
 * States: running → (completed | failed | cancelled | suspended | handed-back | lost), once.
 */
export class Attempt implements Ctx {
  readonly facts: ExecutionFacts;
  readonly executionId: Id;
  readonly organizationId: Id;
  readonly attempt: number;
  readonly acceptedAt: number;
  readonly signal: AbortSignal;
  /** Settles when the attempt has ended and everything it had to write is durable. */
  readonly ended: Promise<AttemptOutcome>;
  /** Once suspended: when its first wait ends by time, epoch milliseconds. */
  wakeAt: number | undefined;

  readonly #options: AttemptOptions;
  readonly #abort = new AbortController();
  readonly #journal: Journal;
  #end: (outcome: AttemptOutcome) => void = () => undefined;
  #outcome: AttemptOutcome | undefined;
  #signals: number;
  /** Where the log ends, unless somebody else has appended to it: a signal, a request to cancel. */
  #lastSeq: number;
  #steps = 0;
  #activeSteps = 0;
  readonly #waits = new Set<PendingWait>();
  /** The row counts deaths of the process since the last journaled step. */
  #hasCrashed: boolean;
  #suspendScheduled = false;
  #buffer: Pending[] = [];
  #flush: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #flushIsDelayed = false;
  #lastDeltaAt = 0;
  #writesUnderWay = 0;
  /** Settles with the newest of them; never rejects. */
  #written: Promise<void> = Promise.resolve();
  #hasFirstToken: boolean;
  /** How many events outside steps the log holds. */
  #emittedOutside: number;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.facts = options.facts;
    this.executionId = options.facts.id;
    this.organizationId = options.facts.organizationId;
    this.acceptedAt = options.facts.createdAt;
    this.attempt = options.attempt;
    this.signal = this.#abort.signal;
    this.#journal = options.journal;
    this.#signals = options.signals;
    this.#lastSeq = options.lastSeq;
    this.#hasFirstToken = options.hasFirstToken;
    this.#hasCrashed = options.hasCrashed;
    this.#emittedOutside = options.journal.emittedOutside;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Calls the program. Returns at once; see `ended`. */
  run(program: Program, input: Json): void {
    program(this, input).then(
      (output) => this.#finish("completed", { type: "execution-completed", body: { output } }),
      (error: unknown) => this.#fail(error),
    );
  }

  stop(why: AttemptStopped["why"]): void {
    if (this.#outcome !== undefined) return;
    // Also when it was told to stop before, and has not.
    if (why === "lost") return this.#lose();
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(new AttemptStopped(why));
    if (why === "handed-back") void this.#handBack();
    // A program that only waits has no step to notice the abort.
    for (const wait of this.#waits) wait.look();
  }

  /**
   * A signal that has been committed for this execution, and its number among them. A known one is passed over, and so
   * is one that overtook another: the suspension is refused then, and both are read.
   */
  deliver(signal: EventOf<"signal-received">["body"], number: number): void {
    if (number !== this.#signals + 1) return;
    this.#signals = number;
    this.#journal.addSignal(signal);
    for (const wait of this.#waits) wait.look();
  }

  async step<T extends Json | undefined>(
    name: string,
    run: (step: StepContext) => Promise<T>,
    options: StepOptions = {},
  ): Promise<T> {
    this.#throwIfStopped();
    this.#steps += 1;
    const number = this.#steps;
    const known = this.#journal.stepResult(number, name);
    // The journal holds what this very step returned before.
    if (known !== undefined) return known.value as T;

    const earlier = this.#journal.emittedBy(number);
    this.#activeSteps += 1;
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    try {
      const result = await (options.retry === undefined
        ? run(this.#stepContext(number, 1, earlier))
        : this.#tries(run, options.retry, number, earlier));
      this.#options.crashPoint?.("step-returned");
      const end = this.#activeSteps === 1 ? options.end?.(result) : undefined;
      if (end !== undefined) {
        const completed: DomainEvent = { type: "execution-completed", body: { output: end.output } };
        await this.#commit("completed", [{ event: completed, step: 0, at: this.#options.now() }]);
        this.#settle("completed");
        return result;
      }
      const journaled: DomainEvent = { type: "step-finished", body: { name, result, durationMs: durationMs() } };
      await this.#commit("step", [{ event: journaled, step: number, at: this.#options.now() }]);
      return result;
    } catch (error) {
      if (!(error instanceof AttemptStopped) && !this.signal.aborted) {
        const body = {
          name,
          error: { ...errorFact(error), retryable: error instanceof RunyardError && error.retryable },
          durationMs: durationMs(),
        };
        await this.#commit("step", [{ event: { type: "step-finished", body }, step: number, at: this.#options.now() }]);
      }
      throw error;
    } finally {
      this.#activeSteps -= 1;
      this.#considerSuspending();
    }
  }

  async wait<T extends Json>(name: string, options: { until?: number } = {}): Promise<T | undefined> {
    this.#throwIfStopped();
    this.#steps += 1;
    const number = this.#steps;
    const known = this.#journal.waitAnswer(number, name);
    if (known !== undefined) return known.value as T | undefined;
    const until = this.#journal.untilOf(number, options.until);

    for (;;) {
      const signal = this.#journal.takeSignal(name);
      const timedOut = signal === undefined && until !== undefined && this.#options.now() >= until;
      if (signal !== undefined || timedOut) {
        const body = { name, answer: signal?.payload, timedOut };
        await this.#commit("append", [
          { event: { type: "wait-finished", body }, step: number, at: this.#options.now() },
        ]);
        return signal?.payload as T | undefined;
      }
      // Not sent out by itself: it comes with the suspension, so that who sees it finds the execution waiting.
      if (this.#journal.beginWait(number, until)) {
        this.#buffer.push({
          event: { type: "wait-started", body: { name, until } },
          step: number,
          at: this.#options.now(),
        });
      }
      await new Promise<void>((resolve) => {
        const wait: PendingWait = {
          name,
          until,
          look: () => {
            this.#waits.delete(wait);
            resolve();
          },
        };
        this.#waits.add(wait);
        this.#considerSuspending();
      });
      this.#throwIfStopped();
    }
  }

  emit(event: DomainEvent): void {
    if (!this.#journal.passesEmitted()) this.#push(event, 0);
  }

  async #tries<T>(
    run: (step: StepContext) => Promise<T>,
    policy: RetryPolicy,
    number: number,
    before: readonly DomainEvent[],
  ): Promise<T> {
    const earlier = [...before];
    for (let count = 1; ; count += 1) {
      try {
        return await run(this.#stepContext(number, count, [...earlier], (event) => earlier.push(event)));
      } catch (error) {
        const retryable = error instanceof RunyardError && error.retryable;
        if (!retryable || count >= policy.tries || this.signal.aborted) throw error;
        const delayMs = Math.max(delayBeforeTry(count + 1, policy), error.retryAfterMs ?? 0);
        this.#push(
          { type: "retry-scheduled", body: { error: errorFact(error), at: this.#options.now() + delayMs } },
          number,
        );
        await pause(delayMs, this.signal);
      }
    }
  }

  #stepContext(
    number: number,
    tryNumber: number,
    earlier: readonly DomainEvent[],
    onEmit?: (event: DomainEvent) => void,
  ): StepContext {
    return {
      signal: this.signal,
      try: tryNumber,
      key: `${this.executionId}:${number}`,
      earlier,
      emit: (event) => {
        onEmit?.(event);
        this.#push(event, number);
      },
      flush: () => this.#commit("append", []),
    };
  }

  #throwIfStopped(): void {
    if (this.#outcome !== undefined) throw new AttemptStopped("lost");
    if (this.signal.aborted) throw this.signal.reason as AttemptStopped;
  }

  #push(event: DomainEvent, step: number): void {
    if (this.#outcome !== undefined) return;
    const last = this.#buffer.at(-1);
    const isDelta = event.type === "text-delta" || event.type === "reasoning-delta";
    // Outside steps events are counted when the program is called again, so they stay apart.
    if (isDelta && step > 0 && last?.event.type === event.type && last.step === step) {
      // A new object: the step's own record of what it emitted holds the old one.
      last.event = { type: event.type, body: { text: last.event.body.text + event.body.text } };
    } else {
      this.#buffer.push({ event, step, at: this.#options.now() });
    }
    this.#scheduleFlush(isDelta);
  }

  #scheduleFlush(isDelta: boolean): void {
    const now = performance.now();
    const waitMs = isDelta ? this.#lastDeltaAt + coalesceMs - now : 0;
    if (this.#flush !== undefined) {
      if (!this.#flushIsDelayed || waitMs > 0) return;
      clearTimeout(this.#flush as NodeJS.Timeout);
    }
    if (isDelta && waitMs <= 0) this.#lastDeltaAt = now;
    const flush = () => {
      this.#flush = undefined;
      if (isDelta) this.#lastDeltaAt = performance.now();
      this.#commit("append", []).catch(() => undefined); // a refused write has already ended the attempt
    };
    this.#flushIsDelayed = waitMs > 0;
    this.#flush = waitMs > 0 ? setTimeout(flush, waitMs) : setImmediate(flush);
  }

  #clearFlush(): void {
    if (this.#flush === undefined) return;
    if (this.#flushIsDelayed) clearTimeout(this.#flush as NodeJS.Timeout);
    else clearImmediate(this.#flush as NodeJS.Immediate);
    this.#flush = undefined;
  }

  async #fail(error: unknown): Promise<void> {
    if (this.signal.aborted) {
      const { why } = this.signal.reason as AttemptStopped;
      // `handed-back` and `lost` are settled by whoever stopped the attempt.
      if (why === "cancelled") await this.#finish("cancelled", { type: "execution-cancelled", body: {} });
      return;
    }
    if (this.#outcome !== undefined) return;
    if (!(error instanceof RunyardError) || error instanceof StoreUnavailable)
      this.#options.hooks.programFailed?.(this.#options.facts, error);
    await this.#finish("failed", { type: "execution-failed", body: { error: errorFact(error) } });
  }

  async #finish(status: "completed" | "failed" | "cancelled", event: DomainEvent): Promise<void> {
    if (this.#outcome !== undefined) return; // its last step has ended it
    try {
      await this.#commit(status, [{ event, step: 0, at: this.#options.now() }]);
    } catch {
      return; // refused: the attempt is lost, and has settled
    }
    this.#settle(status);
  }

  async #handBack(): Promise<void> {
    try {
      await this.#commit("handed-back", []);
    } catch {
      return;
    }
    this.#settle("handed-back");
  }

  #considerSuspending(): void {
    if (this.#suspendScheduled || this.#waits.size === 0 || this.#activeSteps > 0) return;
    this.#suspendScheduled = true;
    // Whatever the program still does in this turn (another step, another wait) comes first.
    setImmediate(() => {
      this.#suspendScheduled = false;
      if (this.#waits.size === 0 || this.#activeSteps > 0 || this.#outcome !== undefined || this.signal.aborted) return;
      void this.#suspend();
    });
  }

  async #suspend(): Promise<void> {
    const now = this.#options.now();
    const waits = [...this.#waits];
    const due = waits.filter((wait) => wait.until !== undefined && wait.until <= now);
    if (due.length > 0) {
      for (const wait of due) wait.look();
      return;
    }
    try {
      await this.#commit("suspended", []);
    } catch {
      if (this.#outcome === undefined) await this.#learnWhyRefused().catch((error: unknown) => this.#giveUp(error));
      return;
    }
    this.#settle("suspended");
  }

  /** A suspension was refused: signals came meanwhile, a cancel is on its way, or the attempt has lost its hold. */
  async #learnWhyRefused(): Promise<void> {
    const { database, queries } = this.#options;
    const [state] = await database.read(queries.state({ id: this.executionId }));
    if (state === undefined || state["attempt"] !== this.attempt || state["status"] !== "running") {
      this.#lose();
      return;
    }
    const rows = await database.read(queries.journal({ id: this.executionId }));
    const signals = rows.map(readEvent).filter((event) => event.type === "signal-received");
    for (const [index, signal] of signals.entries()) this.deliver(signal.body, index + 1);
  }

  #settle(outcome: AttemptOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#clearFlush();
    this.#buffer = [];
    this.#waits.clear(); // the program's promise is dropped where it stands; nothing refers to it any more
    this.#end(outcome);
  }

  /** Writes the buffer and `last` as one unit, after the writes begun before. */
  #commit(kind: CommitKind, last: Pending[]): Promise<void> {
    const written =
      this.#writesUnderWay === 0 ? this.#write(kind, last) : this.#written.then(() => this.#write(kind, last));
    this.#writesUnderWay += 1;
    const done = () => {
      this.#writesUnderWay -= 1;
    };
    this.#written = written.then(done, done);
    return written;
  }

  async #write(kind: CommitKind, last: Pending[]): Promise<void> {
    if (this.#outcome !== undefined) throw new AttemptStopped("lost");
    const pending = last.length === 0 ? this.#buffer : [...this.#buffer, ...last];
    if (pending.length === 0 && kind === "append") return;
    this.#buffer = [];
    this.#clearFlush();

    const { facts, hooks, feed, crashPoint } = this.#options;
    let emittedOutside = this.#emittedOutside;
    const events: StoredEvent[] = [];
    for (const { event, step, at } of pending) {
      if (isOutsideSteps({ type: event.type, step, attempt: this.attempt })) emittedOutside += 1;
      else if (event.type === "step-finished" || event.type === "wait-finished") {
        if (emittedOutside > 0) event.body.emitted = emittedOutside;
        // A step counts as begun until its own row is durable.
        const openSteps = this.#activeSteps - (event.type === "step-finished" ? 1 : 0);
        if (openSteps > 0) event.body.open = openSteps;
      }
      const { executionId, attempt } = this;
      const seq = this.#lastSeq + events.length + 1;
      events.push({ type: event.type, body: event.body, executionId, seq, attempt, step, at } as StoredEvent);
    }
    const change = this.#change(kind, pending);
    try {
      crashPoint?.(`${kind}-to-commit`);
      await this.#writeUnit(change, events);
      crashPoint?.(`${kind}-committed`);
    } catch (error) {
      const refused = error instanceof UnitRejected;
      if (refused && kind === "suspended") {
        this.#buffer = [...pending, ...this.#buffer]; // nothing was written; the events are still to come
      } else {
        if (refused) this.#lose();
        else this.#giveUp(error);
      }
      throw new AttemptStopped("lost");
    }
    this.#emittedOutside = emittedOutside;
    if (events.length > 0) {
      feed.publish(events);
      hooks.committed?.(facts, events);
    }
  }

  /**
   * Writes the events with the numbers they have, which are free as long as nobody else appends to the log (a signal, a
   * request to cancel). Otherwise once more, numbered from wherever the log ends by then.
   * @param change of the execution's row; undefined: none
   */
  async #writeUnit(change: Change | undefined, events: readonly StoredEvent[]): Promise<void> {
    const { queries } = this.#options;
    if (events.length > 0) {
      const appended =
        change === undefined
          ? events.map((event, index) => (index === 0 ? queries.appendEvent(rowOf(event), must) : insert(event)))
          : [change(queries.guardAt), ...events.map(insert)];
      function insert(event: StoredEvent): Statement {
        return queries.insertEvent(rowOf(event));
      }
      try {
        await this.#writeTogether(appended, events);
        this.#lastSeq += events.length;
        return;
      } catch (error) {
        const isTaken =
          error instanceof UnitRejected && error.failure === "unique" && error.statement < appended.length;
        if (!isTaken) throw error;
      }
    }
    const base = { id: this.executionId, attempt: this.attempt, count: events.length, lastSeq: 0 };
    const guard = change === undefined ? queries.guard.append(base, must) : change(queries.guard);
    const inserts = events.map((event, index) => {
      const seq = { statement: 0, column: "last_seq", plus: index + 1 - events.length };
      return queries.insertEvent({ ...rowOf(event), seq });
    });
    const results = await this.#writeTogether([guard, ...inserts], events);
    this.#lastSeq = results[0]?.[0]?.["last_seq"] as number;
    for (const [index, event] of events.entries()) event.seq = this.#lastSeq + index + 1 - events.length;
  }

  /** With what follows from the events for the parent and for the rest of the product. */
  async #writeTogether(appended: readonly Statement[], events: readonly StoredEvent[]): Promise<UnitResult> {
    const { facts, database, queries, hooks, onParentSignalled } = this.#options;
    const unit = [...appended];
    const toParent = parentSignal(queries, facts, events, unit.length, this.#options.now());
    if (toParent !== undefined) unit.push(...toParent.statements);
    unit.push(...hooks.alongside(facts, events, unit.length));
    const results = await database.write(unit);
    const parent = toParent?.read(results);
    if (parent !== undefined) onParentSignalled(parent);
    return results;
  }

  /** What a unit changes in the execution's row beside the end of its log; most steps nothing. */
  #change(kind: CommitKind, pending: readonly Pending[]): Change | undefined {
    const { executionId: id, attempt } = this;
    const base = { id, attempt, count: pending.length, lastSeq: this.#lastSeq + pending.length };
    switch (kind) {
      case "append": {
        const counts = this.#count(pending);
        return counts === noCounts ? undefined : (queries) => queries.appendCounted({ ...base, ...counts }, must);
      }
      case "step": {
        const counts = this.#count(pending);
        const forgetsCrashes = this.#hasCrashed;
        this.#hasCrashed = false;
        if (counts !== noCounts) return (queries) => queries.appendStepCounted({ ...base, ...counts }, must);
        return forgetsCrashes ? (queries) => queries.appendStep(base, must) : undefined;
      }
      case "completed":
      case "failed":
      case "cancelled": {
        // Just when the event says, so that the row can be told from the log.
        const end = { ...base, status: kind, now: pending.at(-1)?.at ?? this.#options.now() };
        const counts = this.#count(pending);
        return counts === noCounts
          ? (queries) => queries.finish(end, must)
          : (queries) => queries.finishCounted({ ...end, ...counts }, must);
      }
      case "suspended": {
        const untils = [...this.#waits].flatMap((wait) => (wait.until === undefined ? [] : [wait.until]));
        this.wakeAt = untils.length === 0 ? undefined : Math.min(...untils);
        const wakeAt = this.wakeAt ?? null;
        const waitingFor = [...this.#waits].map((wait) => wait.name).join(" ");
        const suspension = { ...base, signals: this.#signals, wakeAt, waitingFor };
        return (queries) => queries.suspend(suspension, must);
      }
      case "handed-back": {
        const handedBack = { ...base, now: this.#options.now() };
        // What a model call has used that is broken off here is part of it.
        const counts = this.#count(pending);
        return counts === noCounts
          ? (queries) => queries.handBack(handedBack, must)
          : (queries) => queries.handBackCounted({ ...handedBack, ...counts }, must);
      }
    }
  }

  #count(pending: readonly Pending[]): Counts {
    const counts = countEvents(pending, this.#hasFirstToken);
    if (counts.firstTokenAt !== null) this.#hasFirstToken = true;
    return counts;
  }

  /** The database failed, so what it holds of this attempt is not known. */
  #giveUp(error: unknown): void {
    this.#options.hooks.storeFailed?.(this.#options.facts, error);
    this.#lose();
  }

  #lose(): void {
    this.#abort.abort(new AttemptStopped("lost"));
    this.#settle("lost");
  }
}

type CommitKind = "append" | "step" | "completed" | "failed" | "cancelled" | "suspended" | "handed-back";

function rowOf({ executionId, seq, attempt, step, type, body, at }: StoredEvent) {
  return { executionId, seq, attempt, step, type, body: JSON.stringify(body), at };
}
