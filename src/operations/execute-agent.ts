import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Execution } from "../contract/execution.ts";
import { type Id, newId, spellId } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { noUsage } from "../contract/usage.ts";
import { UnitRejected } from "../store/statement.ts";
import { conversationBusy, conversationQueue } from "./conversation-queue.ts";
import { oldestActivity } from "./conversation-rows.ts";
import { executeQueries } from "./execute-queries.ts";
import { executionReplay } from "./execution-replay.ts";
import type { Caller, ExecuteRequest } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { readAgentVersion } from "./read-agent-version.ts";
import { type Guard, refusalOf, reserveCredit } from "./reserve-credit.ts";
import { requireScope } from "./scopes.ts";

type Parts = Pick<OperationParts, "database" | "engine" | "secrets" | "now" | "plans" | "estimateCost">;

export async function executeAgent(
  parts: Parts,
  caller: Caller,
  agentId: Id,
  request: ExecuteRequest,
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  const organizationId = caller.organization.id;
  const queries = executeQueries(parts.database);
  const [agent] = await parts.database.read(queries.agent({ id: agentId, organizationId }));
  if (agent === undefined) throw new RunyardError("agent_not_found", `There is no agent ${spellId("agent", agentId)}.`);
  if (agent["status"] === "paused") {
    throw new RunyardError(
      "agent_paused",
      `Agent ${spellId("agent", agentId)} is paused; set its status to active first.`,
    );
  }
  const agentVersionId = agent["current_version_id"] as Id;
  const { definition } = await readAgentVersion(parts, organizationId, agentVersionId);
  await checkQuota(parts, caller);
  await checkStores(parts, organizationId, request.memoryStoreIds ?? []);

  // Only a change of the conversation by another writer at the same moment makes it go round again.
  for (;;) {
    const outcome = await accept(parts, caller, { agentId, agentVersionId, definition }, request);
    if (outcome !== "again") return outcome;
  }
}

async function accept(
  parts: Parts,
  caller: Caller,
  agent: { agentId: Id; agentVersionId: Id; definition: AgentDefinition },
  request: ExecuteRequest,
): Promise<Execution | "again"> {
  const { agentId, agentVersionId, definition } = agent;
  const organizationId = caller.organization.id;
  const executionId = newId();
  const conversation = await openConversation(parts, caller, agentId, request);
  const inputLength = typeof request.input === "string" ? request.input.length : JSON.stringify(request.input).length;
  const reservation = reserveCredit(parts, caller, executionId, definition, inputLength);
  const guards: Guard[] = [
    conversation.guard,
    ...reservation.guards,
    ...executionReplay(parts, caller, executionId).map((statement) => ({
      statement,
      refused: () => new RunyardError("idempotency_in_progress", "Another call with this idempotency key came first."),
    })),
  ];
  const metadata = request.metadata ?? {};
  const createdAt = parts.now();
  try {
    await parts.engine.start({
      id: executionId,
      organizationId,
      program: definition.runtime,
      input: {
        text: request.input,
        agentId,
        agentVersionId,
        conversationId: conversation.id,
        session: conversation.session,
        memoryStoreIds: request.memoryStoreIds ?? [],
        metadata,
        isFirst: conversation.isNew,
        isTest: caller.organization.environment === "test",
      },
      agentId,
      agentVersionId,
      conversationId: conversation.id,
      queue: conversationQueue(conversation.id, conversation.isNew),
      metadata,
      reservedNanoUsd: reservation.amountNanoUsd,
      before: guards.map((guard) => guard.statement),
    });
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    const refusal = refusalOf(guards, error) ?? conversationBusy(conversation.id);
    if (refusal === "again") return "again";
    throw refusal;
  }
  return accepted(
    { executionId, organizationId, definition, agentId, agentVersionId, createdAt, metadata },
    conversation.id,
    request.input,
  );
}

/** What a caller sees of an execution that has just been accepted. */
function accepted(
  facts: {
    executionId: Id;
    organizationId: Id;
    definition: AgentDefinition;
    agentId: Id;
    agentVersionId: Id;
    createdAt: number;
    metadata: JsonObject;
  },
  conversationId: Id,
  input: Json,
): Execution {
  return {
    id: facts.executionId,
    organizationId: facts.organizationId,
    program: facts.definition.runtime,
    agentId: facts.agentId,
    agentVersionId: facts.agentVersionId,
    conversationId,
    status: "running",
    attempt: 1,
    lastSeq: 1,
    input,
    metadata: facts.metadata,
    output: "",
    error: undefined,
    toolCalls: [],
    usage: { ...noUsage },
    costNanoUsd: 0,
    timing: { totalMs: 0, firstTokenMs: null, toolCallMs: 0 },
    createdAt: facts.createdAt,
    finishedAt: undefined,
  };
}

interface OpenedConversation {
  id: Id;
  isNew: boolean;
  session: JsonObject;
  guard: Guard;
}

/** A new conversation, or one that goes on with this request's session keys merged over its own. */
async function openConversation(
  parts: Parts,
  caller: Caller,
  agentId: Id,
  request: ExecuteRequest,
): Promise<OpenedConversation> {
  const organizationId = caller.organization.id;
  const queries = executeQueries(parts.database);
  const now = parts.now();
  if (request.conversationId === undefined) {
    const id = newId();
    const session = mergeSession({}, request.session);
    const statement = queries.openConversation({ id, organizationId, agentId, session: JSON.stringify(session), now });
    return { id, isNew: true, session, guard: { statement, refused: () => "again" } };
  }
  const id = request.conversationId;
  const [row] = await parts.database.read(queries.conversation({ id, organizationId }));
  const { retentionDays } = parts.plans[caller.organization.plan];
  if (row === undefined || (row["last_active_at"] as number) < oldestActivity(retentionDays, now)) {
    throw new RunyardError(
      "conversation_not_found",
      `There is no conversation ${spellId("conversation", id)}, or it was deleted or has expired.`,
    );
  }
  const session = mergeSession(JSON.parse(row["session"] as string) as JsonObject, request.session);
  const statement = queries.continueConversation(
    { id, organizationId, session: JSON.stringify(session), version: row["session_version"] as number, now },
    { expectsRow: true },
  );
  return { id, isNew: false, session, guard: { statement, refused: () => "again" } };
}

/** One level deep; null removes a key. */
function mergeSession(stored: JsonObject, given: JsonObject | undefined): JsonObject {
  if (given === undefined) return stored;
  const merged = { ...stored, ...given };
  for (const [key, value] of Object.entries(merged)) if (value === null) delete merged[key];
  return merged;
}

async function checkQuota(parts: Parts, caller: Caller): Promise<void> {
  const { executionsPerMonth } = parts.plans[caller.organization.plan];
  if (executionsPerMonth === null || caller.organization.environment === "test") return;
  const start = new Date(parts.now());
  const from = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1);
  const queries = executeQueries(parts.database);
  const [row] = await parts.database.read(queries.countSince({ organizationId: caller.organization.id, from }));
  if (Number(row?.["count"] ?? 0) < executionsPerMonth) return;
  throw new RunyardError(
    "quota_exceeded",
    `The plan ${caller.organization.plan} allows ${executionsPerMonth} executions a month, and they are used up until the first of next month (UTC).`,
  );
}

async function checkStores(parts: Parts, organizationId: Id, storeIds: readonly Id[]): Promise<void> {
  const queries = executeQueries(parts.database);
  for (const [index, id] of storeIds.entries()) {
    const [row] = await parts.database.read(queries.memoryStore({ id, organizationId }));
    if (row !== undefined) continue;
    throw new RunyardError("memory_store_not_found", `There is no memory store ${spellId("memoryStore", id)}.`, {
      param: `memoryStores.${index}`,
    });
  }
}
