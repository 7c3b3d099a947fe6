import type { DomainEvent, StoredEvent } from "../contract/events.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { Database } from "../store/database.ts";
import { type Row, type Statement, UnitRejected } from "../store/statement.ts";
import { Attempt, type AttemptOptions } from "./attempt.ts";
import { EventFeed, readEvent } from "./event-feed.ts";
import type { EngineHooks, ExecutionFacts } from "./hooks.ts";
import { Journal } from "./journal.ts";
import { endOpenCalls } from "./open-calls.ts";
import { parentSignal, readSignalled, type SignalledExecution } from "./parent-signal.ts";
import type { CrashPoint } from "./crash-point.ts";
import type { Program } from "./program.ts";
import { type EngineQueries, engineQueries } from "./queries.ts";
import { type ConcurrencyLimits, Slots } from "./slots.ts";

/** Deaths of the process under one attempt after another, with nothing journaled between, that make an execution poison. */
const maxCrashes = 3;
/** The same for a trusted program, which more likely ran beside the one that did it. */
const maxCrashesTrusted = 50;
/** Timers are only a net under the wake-ups: this long at most between two looks at the database. */
const netMs = 30_000;
/** After the database failed, this long until the next look. */
const afterFailureMs = 1000;
const claimBatch = 128;
const wakeBatch = 250;
/** Events past which a log is not looked through where requests are served: 24 ms for 100,000. */
const longLog = 5000;

export interface EngineOptions {
  database: Database;
  limits: ConcurrencyLimits;
  hooks: EngineHooks;
  /** How long a cancelled program may take to stop before the execution is ended without it. */
  cancelGraceMs?: number;
  now?: () => number;
  crashPoint?: CrashPoint;
}

export interface StartRequest {
  id: Id;
  organizationId: Id;
  /** A name given to `define`. */
  program: string;
  input: Json;
  agentId?: Id;
  agentVersionId?: Id;
  conversationId?: Id;
  /** Executions of one key run one after the other. `isNew`: nothing else can be in the queue yet. */
  queue?: { key: string; isNew: boolean; limit: number };
  /** The parent gets a signal of this name when the execution has ended. */
  parent?: { id: Id; wait: string };
  metadata?: JsonObject;
  reservedNanoUsd?: number;
  /** Not before this time, epoch milliseconds. */
  runAt?: number;
  /** Statements of the caller that are committed together with the start, ahead of it. */
  before?: readonly Statement[];
}

export interface CancelRequest {
  by: string;
  reason?: string;
}

/**
 * Runs programs durably. `start` accepts an execution in one transaction; attempts run it in this process; `signal` and
 * `cancel` reach it in any state; the feed shows its log. What this process was running when it died is taken up again
 * by `run`.
 */
export class Engine {
  readonly feed: EventFeed;
  readonly #database: Database;
  readonly #queries: EngineQueries;
  readonly #hooks: EngineHooks;
  readonly #slots: Slots;
  readonly #cancelGraceMs: number;
  readonly #now: () => number;
  readonly #crashPoint: CrashPoint | undefined;
  readonly #programs = new Map<string, Program>();
  readonly #trusted = new Set<string>();
  readonly #attempts = new Map<Id, Attempt>();
  #state: "idle" | "running" | "draining" = "idle";
  /** There may be due executions in the database; false only when a look found none. */
  #mayHaveDue = true;
  /** Executions may stand behind another of their queue; false only when a look found nothing queued at all. */
  #mayHaveBlocked = true;
  readonly #claiming = new Set<Id>();
  /** Given up here while the database failed: they still count as running there, by the attempt that is named. */
  readonly #orphans = new Map<Id, number>();
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  #onIdle: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: EngineOptions) {
    this.#database = options.database;
    this.#queries = engineQueries(options.database.builder);
    this.#hooks = options.hooks;
    this.#slots = new Slots(options.limits);
    this.#cancelGraceMs = options.cancelGraceMs ?? 5000;
    this.#now = options.now ?? Date.now;
    this.#crashPoint = options.crashPoint;
    this.feed = new EventFeed({ database: options.database, queries: this.#queries });
  }

  /**
   * Says what executions of this name run.
   * @param options.isTrusted it runs nothing that users bring along, so deaths of the process speak little against it:
   *   it is not given up as poison after three, but after fifty
   */
  define(name: string, program: Program, options: { isTrusted?: boolean } = {}): void {
    this.#programs.set(name, program);
    if (options.isTrusted === true) this.#trusted.add(name);
  }

  /** What an execution of this organization is, if an attempt of this process runs it. */
  factsOf(executionId: Id, organizationId: Id): ExecutionFacts | undefined {
    const facts = this.#attempts.get(executionId)?.facts;
    return facts?.organizationId === organizationId ? facts : undefined;
  }

  /** Attempts running in this process. */
  get runningCount(): number {
    return this.#slots.taken;
  }

  /** Executions that are due and stand in line. */
  async countDue(): Promise<number> {
    const [row] = await this.#database.scan(this.#queries.countDue({ now: this.#now() }));
    return Number(row?.["count"] ?? 0);
  }

  /** Executions of conversations and other queues before their end, by program and state. */
  async countOpen(): Promise<{ program: string; status: string; count: number }[]> {
    const rows = await this.#database.scan(this.#queries.countOpen({}));
    return rows.map((row) => ({
      program: row["program"] as string,
      status: row["status"] as string,
      count: Number(row["count"]),
    }));
  }

  /**
   * Takes up what a dead process left behind, then everything that is due. Without waiting for a lease: the caller holds
   * the lock that says no other process works on this database.
   *
   * @returns how many executions a dead process had left running, and how many of them are given up as poison
   */
  async run(): Promise<{ recovered: number; poisoned: number }> {
    this.#crashPoint?.("recover");
    const [recovered = []] = await this.#database.write([this.#queries.recover({ now: this.#now() })]);
    this.#crashPoint?.("recovered");
    let poisoned = 0;
    for (;;) {
      const trusted = `,${[...this.#trusted].join(",")},`;
      const limits = { crashes: maxCrashes, trusted, trustedCrashes: maxCrashesTrusted };
      const rows = await this.#database.read(this.#queries.poisoned({ ...limits, limit: 100 }));
      if (rows.length === 0) break;
      for (const row of rows) {
        const message =
          `The process died ${row["crashes"]} times in a row while this execution ran, so it is not tried again by ` +
          "itself. Its log is kept; restart it once the cause is gone.";
        await this.#endIdle(row["id"] as Id, "failed", [
          { type: "execution-failed", body: { error: { code: "poison", message } } },
        ]);
        poisoned += 1;
      }
    }
    this.#crashPoint?.("run");
    this.#state = "running";
    this.#wakeUp();
    return { recovered: recovered.length, poisoned };
  }

  /**
   * Accepts an execution and resolves when that is durable. It starts at once when there is a free slot.
   * @returns when it was accepted, epoch milliseconds
   * @throws UnitRejected as the caller's own statements would; with `failure: "unique"` when the id exists already
   */
  async start(request: StartRequest): Promise<number> {
    const now = this.#now();
    const orphaned = this.#orphans.get(request.id);
    this.#orphans.delete(request.id);
    const holder = { organizationId: request.organizationId, agentId: request.agentId ?? null };
    const due = request.runAt === undefined || request.runAt <= now;
    const direct =
      this.#state === "running" &&
      due &&
      !this.#mayHaveDue &&
      (request.queue === undefined || request.queue.isNew) &&
      this.#programs.has(request.program) &&
      this.#slots.take(holder);
    const facts: ExecutionFacts = {
      id: request.id,
      organizationId: request.organizationId,
      program: request.program,
      agentId: request.agentId ?? null,
      agentVersionId: request.agentVersionId ?? null,
      conversationId: request.conversationId ?? null,
      parentId: request.parent?.id ?? null,
      parentWait: request.parent?.wait ?? null,
      reservedNanoUsd: request.reservedNanoUsd ?? 0,
      metadata: JSON.stringify(request.metadata ?? {}),
      createdAt: now,
    };
    const events: DomainEvent[] = [{ type: "execution-queued", body: { input: request.input } }];
    if (direct) events.push({ type: "attempt-started", body: { attempt: 1, reason: "first" } });
    const stored = events.map(
      (event, index) =>
        ({ ...event, executionId: request.id, seq: index + 1, attempt: index, step: 0, at: now }) as StoredEvent,
    );
    const unit: Statement[] = [...(request.before ?? [])];
    if (request.queue !== undefined && !request.queue.isNew) {
      unit.push(
        this.#queries.queueHasRoom({ queueKey: request.queue.key, limit: request.queue.limit }, { expectsRow: true }),
      );
    }
    unit.push(
      this.#queries.insertExecution({
        id: request.id,
        organizationId: request.organizationId,
        program: request.program,
        agentId: facts.agentId,
        agentVersionId: facts.agentVersionId,
        conversationId: facts.conversationId,
        queueKey: request.queue?.key ?? null,
        parentId: facts.parentId,
        parentWait: facts.parentWait,
        status: direct ? "running" : "queued",
        attempt: direct ? 1 : 0,
        lastSeq: stored.length,
        runAt: request.runAt ?? now,
        metadata: facts.metadata,
        createdAt: now,
        reservedNanoUsd: facts.reservedNanoUsd,
      }),
      ...stored.map((event) => this.#insert(event)),
    );
    unit.push(...this.#hooks.alongside(facts, events, unit.length));
    try {
      this.#crashPoint?.("start-to-commit");
      await this.#database.write(unit);
      this.#crashPoint?.("start-committed");
    } catch (error) {
      // It may be stored all the same.
      if (orphaned !== undefined || (direct && !(error instanceof UnitRejected))) this.#orphan(request.id, 1);
      if (direct) this.#giveSlot(holder);
      throw error;
    }
    if (direct) {
      this.feed.hold(request.id);
      this.feed.publish(stored);
      this.#hooks.committed?.(facts, stored);
      this.#launch(facts, {
        attempt: 1,
        signals: 0,
        lastSeq: stored.length,
        journal: new Journal(),
        hasFirstToken: false,
        hasCrashed: false,
        input: request.input,
      });
    } else {
      this.#hooks.committed?.(facts, stored);
      if (request.queue !== undefined) this.#mayHaveBlocked = true;
      if (due) this.#wakeUp();
      else this.#armTimer(request.runAt ?? now);
    }
    return now;
  }

  /** @returns false when the execution has ended or does not exist */
  async signal(executionId: Id, name: string, payload?: Json, before: readonly Statement[] = []): Promise<boolean> {
    const now = this.#now();
    const body = { name, payload };
    let results;
    try {
      this.#crashPoint?.("signal-to-commit");
      results = await this.#database.write([
        ...before,
        this.#queries.signal({ id: executionId, now }, { expectsRow: true }),
        this.#queries.insertEvent({
          executionId,
          seq: { statement: before.length, column: "last_seq", plus: 0 },
          attempt: 0,
          step: 0,
          type: "signal-received",
          body: JSON.stringify(body),
          at: now,
        }),
      ]);
    } catch (error) {
      if (error instanceof UnitRejected && error.statement === before.length) return false;
      throw error;
    }
    this.#crashPoint?.("signal-committed");
    this.#signalled(readSignalled(executionId, results[before.length]?.[0] as Row, body, now));
    return true;
  }

  /**
   * Stops an execution in any state before its end and resolves when it has stopped and its log is complete.
   * @returns the status it ended with, `cancelled` unless it came to its end by itself; undefined when there is none
   */
  async cancel(executionId: Id, request: CancelRequest): Promise<string | undefined> {
    const requested: DomainEvent = { type: "cancel-requested", body: { by: request.by, reason: request.reason } };
    const cancelled: DomainEvent = { type: "execution-cancelled", body: { reason: request.reason } };
    for (;;) {
      const [row] = await this.#database.read(this.#queries.state({ id: executionId }));
      if (row === undefined) return undefined;
      switch (row["status"]) {
        case "queued":
        case "waiting":
          if (await this.#endIdle(executionId, "cancelled", [requested, cancelled])) return "cancelled";
          continue; // it was taken up meanwhile: look again
        case "running":
          await this.#cancelRunning(executionId, requested, cancelled);
          continue; // now it has ended, one way or the other
        default:
          return row["status"] as string;
      }
    }
  }

  /**
   * Appends an event from outside to the log of an execution before its end. A program that is called again is not
   * disturbed by it.
   * @returns false when the execution has ended or does not exist
   */
  async note(executionId: Id, event: DomainEvent): Promise<boolean> {
    const noted = { ...event, executionId, seq: 0, attempt: 0, step: 0, at: this.#now() } as StoredEvent;
    let results;
    try {
      results = await this.#database.write([
        this.#queries.note({ id: executionId }, { expectsRow: true }),
        this.#insert(noted, { statement: 0, column: "last_seq", plus: 0 }),
      ]);
    } catch (error) {
      if (error instanceof UnitRejected) return false;
      throw error;
    }
    this.feed.publish([{ ...noted, seq: results[0]?.[0]?.["last_seq"] as number }]);
    return true;
  }

  /**
   * Ends an execution in any state before its end, with a verdict from outside. An attempt that runs it loses its hold in
   * the same commit and is stopped.
   *
   * @param events the last of them is the terminal one of the status
   * @returns false when it has ended by itself, or does not exist
   */
  async end(
    executionId: Id,
    status: "completed" | "failed" | "cancelled",
    events: readonly DomainEvent[],
  ): Promise<boolean> {
    for (;;) {
      const [row] = await this.#database.read(this.#queries.state({ id: executionId }));
      switch (row?.["status"]) {
        case "queued":
        case "waiting":
          if (await this.#end(this.#queries.endIdle, executionId, status, events)) return true;
          continue; // it was taken up meanwhile: look again
        case "running":
          if (!(await this.#end(this.#queries.forceEnd, executionId, status, events))) continue;
          this.#attempts.get(executionId)?.stop("lost");
          return true;
        default:
          return false;
      }
    }
  }

  /**
   * Takes no more work and lets running attempts come to their end; after `timeoutMs` the rest is handed back, to be
   * taken up by the next process.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#state = "draining";
    clearTimeout(this.#timer);
    await this.#pumping;
    const ended = Promise.all([...this.#attempts.values()].map((attempt) => attempt.ended));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
    clearTimeout(timer);
    for (const attempt of this.#attempts.values()) attempt.stop("handed-back");
    // A start that is being committed holds a slot already; it is handed back as soon as it is launched.
    if (this.#slots.taken > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  async #cancelRunning(executionId: Id, requested: DomainEvent, cancelled: DomainEvent): Promise<void> {
    const now = this.#now();
    try {
      this.#crashPoint?.("cancel-to-commit");
      const results = await this.#database.write([
        this.#queries.requestCancel({ id: executionId, now }, { expectsRow: true }),
        this.#insert({ ...requested, executionId, seq: 0, attempt: 0, step: 0, at: now } as StoredEvent, {
          statement: 0,
          column: "last_seq",
          plus: 0,
        }),
      ]);
      this.#crashPoint?.("cancel-committed");
      const seq = results[0]?.[0]?.["last_seq"] as number;
      this.feed.publish([{ ...requested, executionId, seq, attempt: 0, step: 0, at: now } as StoredEvent]);
    } catch (error) {
      if (!(error instanceof UnitRejected)) throw error; // ended, or a cancel is under way: join it
    }
    const attempt = this.#attempts.get(executionId);
    if (attempt !== undefined) {
      attempt.stop("cancelled");
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), this.#cancelGraceMs)));
      const outcome = await Promise.race([attempt.ended, grace]);
      clearTimeout(timer);
      if (outcome !== "late" && outcome !== "lost") return;
    }
    await this.#end(this.#queries.forceEnd, executionId, "cancelled", [cancelled]);
    attempt?.stop("lost");
  }

  #endIdle(executionId: Id, status: "cancelled" | "failed", events: DomainEvent[]): Promise<boolean> {
    return this.#end(this.#queries.endIdle, executionId, status, events);
  }

  async #openCalls(executionId: Id, status: string, now: number): Promise<DomainEvent[]> {
    if (status !== "cancelled") return [];
    const rows = await this.#database.read(this.#queries.callEvents({ id: executionId }));
    return endOpenCalls(rows.map(readEvent), now);
  }

  /** Ends an execution from outside of any attempt; false when it was in another state than the query asks for. */
  async #end(
    query: EngineQueries["endIdle"],
    executionId: Id,
    status: "completed" | "cancelled" | "failed",
    ending: readonly DomainEvent[],
  ): Promise<boolean> {
    const now = this.#now();
    const [state] = await this.#database.read(this.#queries.state({ id: executionId }));
    if (state === undefined) return false;
    const facts = readFacts(state);
    const events = [...ending.slice(0, -1), ...(await this.#openCalls(executionId, status, now)), ...ending.slice(-1)];
    const unit: Statement[] = [query({ id: executionId, status, now, count: events.length }, { expectsRow: true })];
    for (const [index, event] of events.entries()) {
      const plus = index + 1 - events.length;
      unit.push(
        this.#insert({ ...event, executionId, seq: 0, attempt: 0, step: 0, at: now } as StoredEvent, {
          statement: 0,
          column: "last_seq",
          plus,
        }),
      );
    }
    const toParent = parentSignal(this.#queries, facts, events, unit.length, now);
    if (toParent !== undefined) unit.push(...toParent.statements);
    unit.push(...this.#hooks.alongside(facts, events, unit.length));
    let results;
    try {
      this.#crashPoint?.("end-to-commit");
      results = await this.#database.write(unit);
      this.#crashPoint?.("end-committed");
    } catch (error) {
      if (error instanceof UnitRejected && error.statement === 0) return false;
      throw error;
    }
    const lastSeq = results[0]?.[0]?.["last_seq"] as number;
    const stored = events.map(
      (event, index) =>
        ({
          ...event,
          executionId,
          seq: lastSeq + index + 1 - events.length,
          attempt: 0,
          step: 0,
          at: now,
        }) as StoredEvent,
    );
    this.feed.publish(stored);
    this.#hooks.committed?.(facts, stored);
    const parent = toParent?.read(results);
    if (parent !== undefined) this.#signalled(parent);
    // Whatever stood behind it in its queue may go on.
    this.#wakeUp();
    return true;
  }

  /** An execution has a new signal: its attempt here gets it, or it is taken up again. */
  #signalled({ id, status, signals, lastSeq, body, at }: SignalledExecution): void {
    this.feed.publish([{ type: "signal-received", body, executionId: id, seq: lastSeq, attempt: 0, step: 0, at }]);
    this.#attempts.get(id)?.deliver(body, signals);
    if (status === "queued") this.#wakeUp();
  }

  #insert(event: StoredEvent, seq: Parameters<EngineQueries["insertEvent"]>[0]["seq"] = event.seq): Statement {
    return this.#queries.insertEvent({
      executionId: event.executionId,
      seq,
      attempt: event.attempt,
      step: event.step,
      type: event.type,
      body: JSON.stringify(event.body),
      at: event.at,
    });
  }

  #launch(
    facts: ExecutionFacts,
    start: Pick<AttemptOptions, "attempt" | "signals" | "lastSeq" | "journal" | "hasFirstToken" | "hasCrashed"> & {
      input: Json;
    },
  ): void {
    const attempt = new Attempt({
      facts,
      attempt: start.attempt,
      signals: start.signals,
      lastSeq: start.lastSeq,
      journal: start.journal,
      hasFirstToken: start.hasFirstToken,
      hasCrashed: start.hasCrashed,
      database: this.#database,
      queries: this.#queries,
      feed: this.feed,
      hooks: this.#hooks,
      onParentSignalled: (parent) => this.#signalled(parent),
      now: this.#now,
      crashPoint: this.#crashPoint,
    });
    this.#attempts.set(facts.id, attempt);
    void attempt.ended.then((outcome) => {
      this.#attempts.delete(facts.id);
      this.feed.release(facts.id);
      this.#giveSlot(facts);
      if (outcome === "lost") this.#orphan(facts.id, start.attempt);
      // The end of a queue's first may have made the next one due, also while a look at them is under way.
      if (this.#mayHaveBlocked || this.#pumping !== undefined) this.#wakeUp();
      if (attempt.wakeAt !== undefined) this.#armTimer(attempt.wakeAt);
    });
    const program = this.#programs.get(facts.program) ?? unknownProgram(facts.program);
    attempt.run(program, start.input);
    if (this.#state === "draining") attempt.stop("handed-back");
  }

  /** If it still counts as running by this attempt, it is due again; otherwise somebody else has it already. */
  #orphan(id: Id, attempt: number): void {
    this.#orphans.set(id, attempt);
    this.#armTimer(this.#now() + afterFailureMs);
  }

  #giveSlot(holder: { organizationId: Id; agentId: Id | null }): void {
    if (this.#slots.give(holder)) this.#mayHaveDue = true;
    if (this.#mayHaveDue) this.#pump();
    if (this.#slots.taken === 0) this.#onIdle?.();
  }

  #wakeUp(): void {
    this.#mayHaveDue = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#state !== "running") return;
    if (this.#pumping !== undefined) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumpAgain = false;
    this.#pumping = this.#claimDue()
      .catch((error: unknown) => {
        this.#hooks.storeFailed?.(noExecution, error);
        this.#armTimer(this.#now() + afterFailureMs);
      })
      .then(() => {
        this.#pumping = undefined;
        // Something may have become due, or a slot free, while the last look was under way.
        if (this.#pumpAgain) this.#pump();
      });
  }

  /** Claims due executions until there are none or every slot is taken. */
  async #claimDue(): Promise<void> {
    while (this.#state === "running" && this.#slots.free > 0) {
      this.#mayHaveDue = false;
      this.#mayHaveBlocked = false;
      const busy = this.#slots.busy;
      const rows = await this.#database.read(
        this.#queries.due({
          now: this.#now(),
          limit: Math.min(claimBatch, this.#slots.free),
          busyOrganizations: busy.organizations,
          busyAgents: busy.agents,
        }),
      );
      if (rows.length === 0) {
        await this.#armFromDatabase();
        return;
      }
      this.#mayHaveDue = true;
      this.#mayHaveBlocked = true;
      const claimed = await Promise.all(rows.map((row) => this.#claim(row)));
      // Nothing of the batch could be taken: limits are full, and the next free slot will look again.
      if (!claimed.includes(true)) return this.#armFromDatabase();
    }
  }

  async #claim(row: Row): Promise<boolean> {
    const id = row["id"] as Id;
    const holder = { organizationId: row["organization_id"] as Id, agentId: row["agent_id"] as Id | null };
    if (this.#attempts.has(id) || this.#claiming.has(id) || !this.#slots.take(holder)) return false;
    this.#claiming.add(id);
    let held: number | undefined;
    try {
      const now = this.#now();
      const [state] = await this.#database.read(this.#queries.state({ id }));
      if (state === undefined || state["status"] !== "queued") {
        this.#giveSlot(holder);
        return false;
      }
      if (state["cancel_requested_at"] !== null) {
        // The process died, or drained, between the request and the end.
        this.#giveSlot(holder);
        await this.#endIdle(id, "cancelled", [{ type: "execution-cancelled", body: {} }]);
        return true;
      }
      const facts = readFacts(state);
      const attempt = (state["attempt"] as number) + 1;
      const event: DomainEvent = {
        type: "attempt-started",
        body: {
          attempt,
          reason: state["queued_reason"] as "first" | "resumed" | "recovered" | "handed-back",
        },
      };
      const unit: Statement[] = [
        this.#queries.claim({ id }, { expectsRow: true }),
        this.#insert({ ...event, executionId: id, seq: 0, attempt, step: 0, at: now } as StoredEvent, {
          statement: 0,
          column: "last_seq",
          plus: 0,
        }),
      ];
      unit.push(...this.#hooks.alongside(facts, [event], unit.length));
      this.#crashPoint?.("claim-to-commit");
      const results = await this.#database.write(unit);
      this.#crashPoint?.("claim-committed");
      held = attempt;
      const claimed = results[0]?.[0] as Row;
      const stored = {
        ...event,
        executionId: id,
        seq: claimed["last_seq"] as number,
        attempt,
        step: 0,
        at: now,
      } as StoredEvent;
      this.feed.hold(id);
      this.feed.publish([stored]);
      this.#hooks.committed?.(facts, [stored]);
      const fresh = attempt === 1 && claimed["signals"] === 0;
      const [first] = await this.#database.read(this.#queries.firstEvent({ id }));
      const { input } = JSON.parse(first?.["body"] as string) as { input: Json };
      const { journal, signals } = fresh
        ? { journal: new Journal(), signals: 0 }
        : await this.#loadJournal(id, claimed["last_seq"] as number);
      this.#launch(facts, {
        attempt,
        signals,
        lastSeq: claimed["last_seq"] as number,
        journal,
        hasFirstToken: claimed["first_token_at"] !== null,
        hasCrashed: (claimed["crashes"] as number) > 0,
        input,
      });
      return true;
    } catch (error) {
      this.feed.release(id);
      if (held !== undefined) this.#orphan(id, held);
      this.#giveSlot(holder);
      if (error instanceof UnitRejected) return false; // cancelled at the same moment
      throw error;
    } finally {
      this.#claiming.delete(id);
    }
  }

  /** With how many signals it holds: one can have come since the claim. */
  async #loadJournal(id: Id, lastSeq: number): Promise<{ journal: Journal; signals: number }> {
    const query = this.#queries.journal({ id });
    const found = await (lastSeq > longLog ? this.#database.scan(query) : this.#database.read(query));
    const rows = found.map(readEvent);
    // What unfinished steps have emitted comes after the last row beside which no other step was under way.
    const settled = rows.findLast(
      ({ type, body }) =>
        (type === "step-finished" || type === "wait-finished") && !("open" in body && body.open !== undefined),
    );
    const after = settled?.seq ?? 0;
    const unfinished: StoredEvent[] = [];
    for (let page = after; ;) {
      const more = (await this.#database.read(this.#queries.eventsAfter({ id, after: page, limit: 500 }))).map(
        readEvent,
      );
      unfinished.push(...more);
      const last = more.at(-1);
      if (last === undefined || more.length < 500) break;
      page = last.seq;
    }
    const signals = rows.filter(({ type }) => type === "signal-received").length;
    return { journal: new Journal(rows, unfinished), signals };
  }

  /** Sets the timer to the next thing that becomes due by the passing of time alone. */
  async #armFromDatabase(): Promise<void> {
    const now = this.#now();
    const [due] = await this.#database.read(this.#queries.nextDueAt({ now }));
    const [wake] = await this.#database.read(this.#queries.nextWakeAt({}));
    if (typeof due?.["first"] === "number") this.#mayHaveBlocked = true;
    const times = [due?.["at"], wake?.["at"]].filter((at) => typeof at === "number");
    this.#armTimer(Math.min(now + netMs, ...times));
  }

  #armTimer(at: number): void {
    if (this.#state !== "running" || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delayMs = Math.min(netMs, Math.max(1, at - this.#now()));
    this.#timer = setTimeout(() => void this.#onTimer(), delayMs);
  }

  async #onTimer(): Promise<void> {
    this.#timerAt = Number.POSITIVE_INFINITY;
    try {
      const now = this.#now();
      const results = await this.#database.write([this.#queries.wake({ now, limit: wakeBatch })]);
      await this.#reclaimOrphans();
      // A full batch means that more waits are due.
      if (results[0]?.length === wakeBatch) this.#armTimer(now);
    } catch (error) {
      this.#hooks.storeFailed?.(noExecution, error);
      this.#armTimer(this.#now() + afterFailureMs);
    }
    this.#wakeUp();
  }

  /** Running executions that no attempt holds any more: their attempt was given up when the database failed. */
  async #reclaimOrphans(): Promise<void> {
    for (const [id, attempt] of this.#orphans) {
      if (this.#attempts.has(id) || this.#claiming.has(id)) continue;
      await this.#database.write([this.#queries.reclaim({ id, attempt, now: this.#now() })]);
      this.#orphans.delete(id);
    }
  }
}

const noExecution: ExecutionFacts = {
  id: "",
  organizationId: "",
  program: "",
  agentId: null,
  agentVersionId: null,
  conversationId: null,
  parentId: null,
  parentWait: null,
  reservedNanoUsd: 0,
  metadata: "{}",
  createdAt: 0,
};

function readFacts(row: Row): ExecutionFacts {
  return {
    id: row["id"] as Id,
    organizationId: row["organization_id"] as Id,
    program: row["program"] as string,
    agentId: row["agent_id"] as Id | null,
    agentVersionId: row["agent_version_id"] as Id | null,
    conversationId: row["conversation_id"] as Id | null,
    parentId: row["parent_id"] as Id | null,
    parentWait: row["parent_wait"] as string | null,
    reservedNanoUsd: row["reserved_nano_usd"] as number,
    metadata: row["metadata"] as string,
    createdAt: row["created_at"] as number,
  };
}

function unknownProgram(name: string): Program {
  return () =>
    Promise.reject(
      new RunyardError("internal_error", `This release has no program "${name}"; a newer one started the execution.`),
    );
}
