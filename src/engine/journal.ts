import type { DomainEvent, EventOf, EventType, StoredEvent } from "../contract/events.ts";
import { isTerminalEvent } from "../contract/events.ts";
import { type ErrorCode, errorCatalogue, RunyardError } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";

type Signal = EventOf<"signal-received">["body"];

/**
 * What earlier attempts have settled: results of steps and answers of waits by their number, signals that no wait has
 * taken yet, and what unfinished steps had emitted.
 */
export class Journal {
  readonly #settled = new Map<number, EventOf<"step-finished"> | EventOf<"wait-finished">>();
  readonly #begunWaits = new Map<number, number | undefined>();
  /** How many events outside steps the log holds. */
  readonly emittedOutside: number;
  /** How many of them the program, called again, has come by. */
  #passedOutside = 0;
  readonly #signals: Signal[] = [];
  readonly #emitted = new Map<number, DomainEvent[]>();

  /**
   * @param rows the journal's rows in order: steps and waits finished, waits begun, signals received
   * @param unfinished rows of any type that were written after the last number up to which everything is settled
   */
  constructor(rows: readonly StoredEvent[] = [], unfinished: readonly StoredEvent[] = []) {
    let emittedOutside = 0;
    let countedUpTo = 0;
    for (const row of rows) {
      if (row.type === "step-finished" || row.type === "wait-finished") {
        this.#settled.set(row.step, row);
        emittedOutside = row.body.emitted ?? 0;
        countedUpTo = row.seq;
      }
      if (row.type === "wait-started") this.#begunWaits.set(row.step, row.body.until);
      if (row.type === "signal-received") this.#signals.push(row.body);
      if (row.type === "wait-finished" && !row.body.timedOut) this.takeSignal(row.body.name);
    }
    for (const row of unfinished) {
      if (isOutsideSteps(row) && row.seq > countedUpTo) emittedOutside += 1;
      if (row.step === 0 || this.#settled.has(row.step)) continue;
      const events = this.#emitted.get(row.step);
      if (events === undefined) this.#emitted.set(row.step, [row]);
      else events.push(row);
    }
    this.emittedOutside = emittedOutside;
  }

  /** @throws the journaled error of a failed step; `journal_mismatch` when something else stands at this number */
  stepResult(number: number, name: string): { value: Json | undefined } | undefined {
    const event = this.#at(number, name, "step-finished");
    if (event === undefined) return undefined;
    if (event.body.error !== undefined) {
      const { code, message, retryable } = event.body.error;
      throw new RunyardError(code in errorCatalogue ? (code as ErrorCode) : "internal_error", message, { retryable });
    }
    return { value: event.body.result };
  }

  waitAnswer(number: number, name: string): { value: Json | undefined } | undefined {
    const event = this.#at(number, name, "wait-finished");
    return event === undefined ? undefined : { value: event.body.answer };
  }

  emittedBy(number: number): readonly DomainEvent[] {
    return this.#emitted.get(number) ?? [];
  }

  /** Whether the log does not yet say that this wait began; true once. */
  beginWait(number: number, until: number | undefined): boolean {
    if (this.#begunWaits.has(number)) return false;
    this.#begunWaits.set(number, until);
    return true;
  }

  /** When a wait ends by time: what the program said the first time counts, whatever it says when it is called again. */
  untilOf(number: number, until: number | undefined): number | undefined {
    return this.#begunWaits.has(number) ? this.#begunWaits.get(number) : until;
  }

  /** Whether the event that the program now emits outside steps is in the log already: it comes to them in order. */
  passesEmitted(): boolean {
    if (this.#passedOutside === this.emittedOutside) return false;
    this.#passedOutside += 1;
    return true;
  }

  addSignal(signal: Signal): void {
    this.#signals.push(signal);
  }

  takeSignal(name: string): Signal | undefined {
    const index = this.#signals.findIndex((signal) => signal.name === name);
    return index < 0 ? undefined : this.#signals.splice(index, 1)[0];
  }

  #at<T extends "step-finished" | "wait-finished">(number: number, name: string, type: T): EventOf<T> | undefined {
    const event = this.#settled.get(number);
    if (event === undefined) return undefined;
    if (event.type !== type || event.body.name !== name) {
      throw new RunyardError(
        "journal_mismatch",
        `The journal holds "${event.body.name}" (${event.type}) as number ${number}, the program now asks for ` +
          `"${name}" (${type}). A program must take the same path again; start a new execution.`,
      );
    }
    return event as EventOf<T>;
  }
}

/** Whether the program itself emitted this event, and not within a step. */
export function isOutsideSteps(event: { type: EventType; step: number; attempt: number }): boolean {
  return event.step === 0 && event.attempt > 0 && event.type !== "attempt-started" && !isTerminalEvent(event);
}
