import type { DomainEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";

/**
 * An ordinary async function over three verbs. After a crash it is called again from the top and finished steps and
 * waits return from the journal, so it must take the same path: everything with an effect or a random outcome happens
 * inside a step, and steps that run side by side are all begun before any of them is awaited.
 *
 * @returns the output, kept in the `execution-completed` event
 */
export type Program = (ctx: Ctx, input: Json) => Promise<Json | undefined>;

/** The reason of an aborted `signal`: only `cancelled` is the end; otherwise another attempt goes on. */
export class AttemptStopped extends Error {
  readonly why: "cancelled" | "handed-back" | "lost";
  constructor(why: AttemptStopped["why"]) {
    super(`the attempt was stopped: ${why}`);
    this.name = "AttemptStopped";
    this.why = why;
  }
}

export interface Ctx {
  readonly executionId: Id;
  readonly organizationId: Id;
  /** Which attempt this is; 1 for the first. */
  readonly attempt: number;
  /** Epoch milliseconds at which the execution was accepted; the same in every attempt. */
  readonly acceptedAt: number;
  /** Aborted when the execution is cancelled, timed out, or this attempt lost its hold. */
  readonly signal: AbortSignal;
  /**
   * Runs `run` and journals its result; the promise resolves once that is durable. In a later attempt the journaled
   * result is returned and `run` is not called. A step whose process died in the middle runs again.
   * @throws what `run` threw, after its retries; a journaled failure throws the same error again
   */
  step<T extends Json | undefined>(
    name: string,
    run: (step: StepContext) => Promise<T>,
    options?: StepOptions,
  ): Promise<T>;
  /**
   * Suspends until `engine.signal(id, name, payload)` or until the time has passed. A waiting execution holds no memory
   * and no slot: the program is called again when the answer is there. Hold no resource across a wait.
   * @param options.until epoch milliseconds
   * @returns the payload, or undefined when the time passed first
   */
  wait<T extends Json>(name: string, options?: { until?: number }): Promise<T | undefined>;
  /** Appends an event in order; durable no later than the next finished step. */
  emit(event: DomainEvent): void;
}

export interface StepContext {
  readonly signal: AbortSignal;
  /** The try within this attempt, from 1. */
  readonly try: number;
  /** Stable over tries and attempts: hand it to the other end as its idempotency key. */
  readonly key: string;
  /** What earlier tries and attempts of this very step have emitted, oldest first. */
  readonly earlier: readonly DomainEvent[];
  /** Appends an event that belongs to this step. */
  emit(event: DomainEvent): void;
  /** Resolves once everything emitted so far is durable. */
  flush(): Promise<void>;
}

export interface StepOptions {
  /** How often and how far apart a retryable error is tried again. Default: once, no retry. */
  retry?: RetryPolicy;
  /**
   * Says of a result that it is the program's last: then the execution completes with this output in one commit, instead
   * of a commit for the step and one for the end. The program returns the same output next, and does nothing else.
   */
  end?: (result: Json | undefined) => { output: Json } | undefined;
}

export interface RetryPolicy {
  /** Tries in all, the first included. */
  tries: number;
  /** Delay before the second try in milliseconds; doubled for each further one, with jitter. */
  initialMs: number;
  maxMs: number;
}
