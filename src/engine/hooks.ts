import type { DomainEvent, StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import type { Statement } from "../store/statement.ts";

/** What an execution is, as far as those outside the engine need to know when it writes. */
export interface ExecutionFacts {
  id: Id;
  organizationId: Id;
  program: string;
  agentId: Id | null;
  agentVersionId: Id | null;
  conversationId: Id | null;
  parentId: Id | null;
  parentWait: string | null;
  reservedNanoUsd: number;
  /** A JSON object, as text. */
  metadata: string;
  createdAt: number;
}

/** What the rest of the product adds to the engine's writes. Must not throw. */
export interface EngineHooks {
  /**
   * Statements to commit in the same transaction as these events: counters, ledger, outbox.
   * @param position index within the unit that the first of them will have, for row references
   */
  alongside(facts: ExecutionFacts, events: readonly DomainEvent[], position: number): readonly Statement[];
  /** After the commit: logs, metrics, wake-ups. */
  committed?(facts: ExecutionFacts, events: readonly StoredEvent[]): void;
  /** A program threw something that is not one of our errors. */
  programFailed?(facts: ExecutionFacts, error: unknown): void;
  /** The database did not take a write; the attempt is given up and the execution taken up again later. */
  storeFailed?(facts: ExecutionFacts, error: unknown): void;
}
