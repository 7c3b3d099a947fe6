import { sql } from "kysely";
import { type DomainEvent, isTerminalEvent } from "../contract/events.ts";
import { newId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { WebhookEventType } from "../contract/webhook.ts";
import type { EngineHooks, ExecutionFacts } from "../engine/hooks.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import { callbackStatement } from "./completion-callback.ts";
import { outboxStatement } from "./outbox.ts";
import { callbackInterest, webhookInterest } from "./webhook-interest.ts";

/**
 * What the product writes in the same transaction as an execution's events: the conversation's counters, the credit
 * ledger, and one outbox row for each thing that webhooks may want to hear of or that somebody is to be called back for.
 */
export function createAlongside(database: Database, now: () => number): EngineHooks["alongside"] {
  const queries = settleQueries(database);
  const interest = webhookInterest(database);
  const callbacks = callbackInterest(database);
  // Executions of whose log this process has seen everything, and nothing in it that cost anything. Of others, such as
  // those that an earlier attempt began, only the row knows.
  const free = new WeakSet<ExecutionFacts>();
  return (facts, events) => {
    if (facts.agentId === null) return []; // the product's own programs have neither cost nor listeners
    const statements: Statement[] = [];
    for (const event of events) {
      const webhook = webhookEventOf(event);
      if (webhook !== undefined && interest.isPossible(facts.organizationId)) {
        const { organizationId, agentId, conversationId } = facts;
        const data: JsonObject = { executionId: facts.id, agentId, conversationId, ...webhook.data };
        statements.push(outboxStatement(database, { organizationId, agentId, type: webhook.type, data, at: now() }));
      }
      switch (event.type) {
        case "attempt-started":
          if (event.body.attempt === 1) free.add(facts);
          break;
        case "model-called":
          if (event.body.costNanoUsd !== null && event.body.costNanoUsd > 0) free.delete(facts);
          break;
        case "execution-completed":
        case "execution-cancelled":
        case "execution-failed":
          statements.push(...settle(queries, facts, event, { now: now(), mayHaveCost: !free.has(facts) }));
          if (callbacks.isPossible(facts.organizationId)) {
            statements.push(callbackStatement(database, { id: facts.id, agentId: facts.agentId, at: now() }));
          }
          break;
        default:
      }
    }
    return statements;
  };
}

/**
 * Whether the commit of these events may have filled the outbox. As sure as `createAlongside` is: who has no webhook and
 * awaits no call leaves it empty.
 */
export function fillsOutbox(database: Database): (facts: ExecutionFacts, events: readonly DomainEvent[]) => boolean {
  const interest = webhookInterest(database);
  const callbacks = callbackInterest(database);
  return ({ agentId, organizationId }, events) => {
    if (agentId === null) return false;
    if (callbacks.isPossible(organizationId) && events.some(isTerminalEvent)) return true;
    return interest.isPossible(organizationId) && events.some((event) => webhookEventOf(event) !== undefined);
  };
}

function webhookEventOf(event: DomainEvent): { type: WebhookEventType; data: JsonObject } | undefined {
  switch (event.type) {
    case "attempt-started":
      return event.body.attempt === 1 ? { type: "execution.started", data: {} } : undefined;
    case "execution-completed":
      return { type: "execution.completed", data: { output: event.body.output ?? null } };
    case "execution-failed":
      return { type: "execution.failed", data: { error: { ...event.body.error } } };
    case "execution-cancelled":
      return { type: "execution.cancelled", data: {} };
    case "tool-call-started":
      return { type: "tool.called", data: { toolCallId: event.body.callId, toolName: event.body.name } };
    case "tool-call-finished": {
      const { callId, name, error } = event.body;
      if (error === undefined) return undefined;
      return { type: "tool.error", data: { toolCallId: callId, toolName: name, error: { ...error } } };
    }
    default:
      return undefined;
  }
}

/** The statements run after the execution's row has its final counters, in the same unit. */
function settle(
  queries: ReturnType<typeof settleQueries>,
  facts: ExecutionFacts,
  event: DomainEvent,
  { now, mayHaveCost }: { now: number; mayHaveCost: boolean },
): Statement[] {
  const { id, organizationId } = facts;
  const statements: Statement[] = [];
  if (facts.conversationId !== null) {
    // A failed execution adds no turn; a cancelled one adds an answer only if some of it was shown.
    const turns = event.type === "execution-failed" ? 0 : event.type === "execution-completed" ? 2 : 1;
    const orAnswer = event.type === "execution-cancelled" ? 1 : 0;
    statements.push(queries.closeTurn({ conversationId: facts.conversationId, id, turns, orAnswer, now }));
  }
  if (mayHaveCost) {
    statements.push(
      queries.settleEntry({ entryId: newId(), organizationId, id, now }),
      queries.addSpent({ organizationId, id }),
    );
  }
  if (facts.reservedNanoUsd > 0) {
    statements.push(
      queries.releaseEntry({ entryId: newId(), organizationId, id, amount: -facts.reservedNanoUsd, now }),
      queries.release({ organizationId, amount: facts.reservedNanoUsd }),
    );
  }
  return statements;
}

function settleQueries({ builder }: Database) {
  return {
    closeTurn: prepared<{ conversationId: string; id: string; turns: number; orAnswer: number; now: number }>((p) =>
      builder
        .updateTable("conversation")
        .set({
          turn_count: sql<number>`turn_count + ${p.turns} + ${p.orAnswer} *
            (select case when first_token_at is null then 0 else 1 end from execution where id = ${p.id})`,
          token_count: sql<number>`token_count + (select input_tokens + output_tokens from execution where id = ${p.id})`,
          last_active_at: p.now,
        })
        .where("id", "=", p.conversationId),
    ),
    settleEntry: prepared<{ entryId: string; organizationId: string; id: string; now: number }>((p) =>
      builder
        .insertInto("credit_entry")
        .columns(["id", "organization_id", "execution_id", "kind", "amount_nano_usd", "at"])
        .expression((from) =>
          from
            .selectFrom("execution")
            .select([
              sql<string>`${p.entryId}`.as("entry"),
              sql<string>`${p.organizationId}`.as("organization"),
              "id",
              sql<string>`'settle'`.as("kind"),
              "cost_nano_usd",
              sql<number>`cast(${p.now} as bigint)`.as("at"),
            ])
            .where("id", "=", p.id)
            .where("cost_nano_usd", ">", 0),
        ),
    ),
    addSpent: prepared<{ organizationId: string; id: string }>((p) =>
      builder
        .updateTable("organization")
        .set({
          spent_nano_usd: sql<number>`spent_nano_usd + (select cost_nano_usd from execution where id = ${p.id})`,
        })
        .where("id", "=", p.organizationId)
        .where(sql<boolean>`exists (select 1 from execution where id = ${p.id} and cost_nano_usd > 0)`),
    ),
    releaseEntry: prepared<{ entryId: string; organizationId: string; id: string; amount: number; now: number }>((p) =>
      builder.insertInto("credit_entry").values({
        id: p.entryId,
        organization_id: p.organizationId,
        execution_id: p.id,
        kind: sql<string>`'release'`,
        amount_nano_usd: p.amount,
        at: p.now,
      }),
    ),
    release: prepared<{ organizationId: string; amount: number }>((p) =>
      builder
        .updateTable("organization")
        .set({ reserved_nano_usd: sql<number>`reserved_nano_usd - ${p.amount}` })
        .where("id", "=", p.organizationId),
    ),
  };
}
