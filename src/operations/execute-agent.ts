import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Execution } from "../contract/execution.ts";
import { type Id, newId, spellId } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { noUsage } from "../contract/usage.ts";
import { type Row, UnitRejected } from "../store/statement.ts";
import { insertAlias, readAlias } from "./alias.ts";
import { conversationBusy, conversationQueue } from "./conversation-queue.ts";
import { oldestActivity } from "./conversation-rows.ts";
import { daemonBusy, daemonQueue } from "./daemon-queue.ts";
import { executeQueries } from "./execute-queries.ts";
import { checkQuota } from "./execution-quota.ts";
import { executionReplay } from "./execution-replay.ts";
import type { Caller, ExecuteRequest } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { codeRun, inputFor, refuseCodeFields, userOf } from "./program-input.ts";
import { readAgentVersion } from "./read-agent-version.ts";
import { type Guard, refusalOf, reserveCredit } from "./reserve-credit.ts";
import { noteRunUser } from "./run-user.ts";
import { type AgentToRun, findAgentToRun, refusePaused } from "./runnable-agent.ts";
import { requireScope } from "./scopes.ts";
import { findVersion } from "./version-label.ts";
import { callbackInterest } from "./webhook-interest.ts";

type Parts = Pick<OperationParts, "database" | "engine" | "secrets" | "now" | "plans" | "estimateCost" | "checkUrl">;

/**
 * Refuses in the order that every call has: the quota, what does not exist, what its state does not allow, what is
 * impossible together.
 *
 * @param together what is committed with the start or not at all, ahead of everything else; for our own callers
 */
export async function executeAgent(
  parts: Parts,
  caller: Caller,
  agentId: Id,
  request: ExecuteRequest,
  together: (executionId: Id) => readonly Guard[] = () => [],
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  const organizationId = caller.organization.id;
  await checkQuota(parts, caller.organization);
  const agent = await findAgentToRun(parts, organizationId, agentId);
  const agentVersionId =
    request.versionLabel === undefined
      ? agent.currentVersionId
      : await requireLabel(parts, organizationId, agentId, request.versionLabel);
  const { definition } = await readAgentVersion(parts, organizationId, agentVersionId);
  await checkStores(parts, organizationId, request.memoryStoreIds ?? []);

  // Only a change of the conversation by another writer at the same moment makes it go round again.
  for (;;) {
    const outcome = await accept(parts, caller, { agent, agentVersionId, definition }, request, together);
    if (outcome !== "again") return outcome;
  }
}

async function accept(
  parts: Parts,
  caller: Caller,
  { agent, agentVersionId, definition }: { agent: AgentToRun; agentVersionId: Id; definition: AgentDefinition },
  request: ExecuteRequest,
  together: (executionId: Id) => readonly Guard[],
): Promise<Execution | "again"> {
  const agentId = agent.id;
  const organizationId = caller.organization.id;
  const found = await findConversation(parts, caller, definition, request);
  refusePaused(agent);
  refuseWithoutBundle(agentId, definition);
  if (definition.runtime === "chat" && request.code !== undefined) refuseCodeFields(request.code);
  checkFiles(parts, request.code?.files ?? {});
  const executionId = newId();
  const input = inputFor(definition, request.input);
  const conversation = openConversation(parts, caller, agentId, found, request);
  const inputLength = typeof input === "string" ? input.length : JSON.stringify(input).length;
  const reservation = reserveCredit(parts, caller, executionId, definition, inputLength);
  const guards: Guard[] = [
    ...together(executionId),
    ...conversation.guards,
    ...ownId(parts, organizationId, executionId, request.alias),
    ...callback(parts, organizationId, executionId, request.completionCallbackUrl),
    ...(definition.runtime === "code" ? runUser(parts, { executionId, organizationId, agentId }, request) : []),
    ...reservation.guards,
    ...executionReplay(parts, caller, executionId).map((statement) => ({
      statement,
      refused: () => new RunyardError("idempotency_in_progress", "Another call with this idempotency key came first."),
    })),
  ];
  const ofDaemon = daemonQueue(agentId, definition, request.code);
  const queue =
    ofDaemon ?? (conversation.id === null ? undefined : conversationQueue(conversation.id, conversation.isNew));
  const metadata = request.metadata ?? {};
  let createdAt: number;
  try {
    createdAt = await parts.engine.start({
      id: executionId,
      organizationId,
      program: definition.runtime,
      input: {
        input,
        agentId,
        agentVersionId,
        conversationId: conversation.id,
        metadata,
        ...(definition.runtime === "chat"
          ? {
              session: conversation.session,
              memoryStoreIds: request.memoryStoreIds ?? [],
              isFirst: conversation.isNew,
              isTest: caller.organization.environment === "test",
            }
          : { run: await codeRun(parts.secrets, { organizationId, agentId }, request, conversation.name) }),
      },
      agentId,
      agentVersionId,
      ...(conversation.id === null ? {} : { conversationId: conversation.id }),
      ...(queue === undefined ? {} : { queue }),
      metadata,
      reservedNanoUsd: reservation.amountNanoUsd,
      before: guards.map((guard) => guard.statement),
    });
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    const refusal =
      refusalOf(guards, error) ??
      (ofDaemon === undefined ? conversationBusy(conversation.id ?? executionId) : daemonBusy());
    if (refusal === "again") return "again";
    throw refusal;
  }
  if (request.completionCallbackUrl !== undefined) callbackInterest(parts.database).changed(organizationId);
  return accepted(
    { executionId, organizationId, definition, agentId, agentVersionId, createdAt, metadata },
    conversation.id,
    input,
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
  conversationId: Id | null,
  input: Json,
): Execution {
  return {
    id: facts.executionId,
    organizationId: facts.organizationId,
    program: facts.definition.runtime,
    agentId: facts.agentId,
    agentVersionId: facts.agentVersionId,
    conversationId: conversationId ?? undefined,
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
  /** Null: the execution belongs to none. */
  id: Id | null;
  /** What its workspace is named after. */
  name: string | null;
  isNew: boolean;
  session: JsonObject;
  guards: Guard[];
}

/** The one that a request goes on with; `new`, perhaps under a name of the caller's; `none` for a run that stands alone. */
type FoundConversation = { kind: "none" } | { kind: "new" } | { kind: "known"; id: Id; row: Row };

/** @throws RunyardError `conversation_not_found` */
async function findConversation(
  parts: Parts,
  caller: Caller,
  definition: AgentDefinition,
  request: ExecuteRequest,
): Promise<FoundConversation> {
  const organizationId = caller.organization.id;
  const alias = request.conversationAlias;
  if (alias === null && definition.runtime === "code") return { kind: "none" };
  const id =
    typeof alias === "string"
      ? await readAlias(parts.database, organizationId, "conversation", alias)
      : request.conversationId;
  if (id === undefined) return { kind: "new" };
  const [row] = await parts.database.read(executeQueries(parts.database).conversation({ id, organizationId }));
  const { retentionDays } = parts.plans[caller.organization.plan];
  if (row === undefined || (row["last_active_at"] as number) < oldestActivity(retentionDays, parts.now())) {
    throw new RunyardError(
      "conversation_not_found",
      `There is no conversation ${spellId("conversation", id)}, or it was deleted or has expired.`,
    );
  }
  return { kind: "known", id, row };
}

/** A new conversation, or one that goes on with this request's session keys merged over its own. */
function openConversation(
  parts: Parts,
  caller: Caller,
  agentId: Id,
  found: FoundConversation,
  request: ExecuteRequest,
): OpenedConversation {
  if (found.kind === "none") return { id: null, name: null, isNew: true, session: {}, guards: [] };
  const organizationId = caller.organization.id;
  const queries = executeQueries(parts.database);
  const now = parts.now();
  const alias = request.conversationAlias;
  if (found.kind === "new") {
    const id = newId();
    const session = mergeSession({}, request.session);
    const statements = [
      queries.openConversation({ id, organizationId, agentId, session: JSON.stringify(session), now }),
      ...(typeof alias === "string"
        ? [insertAlias(parts.database, { organizationId, kind: "conversation", alias, id })]
        : []),
    ];
    const guards = statements.map((statement): Guard => ({ statement, refused: () => "again" }));
    return { id, name: alias ?? id, isNew: true, session, guards };
  }
  const { id, row } = found;
  const session = mergeSession(JSON.parse(row["session"] as string) as JsonObject, request.session);
  const statement = queries.continueConversation(
    { id, organizationId, session: JSON.stringify(session), version: row["session_version"] as number, now },
    { expectsRow: true },
  );
  return { id, name: alias ?? id, isNew: false, session, guards: [{ statement, refused: () => "again" }] };
}

/** Keeps the caller's own id of the execution, which nobody else of the organization may have used. */
function ownId(parts: Parts, organizationId: Id, id: Id, alias: string | undefined): Guard[] {
  if (alias === undefined) return [];
  const statement = insertAlias(parts.database, { organizationId, kind: "execution", alias, id });
  const refused = () => new RunyardError("execution_exists", `The id ${alias} was used before. Choose another.`);
  return [{ statement, refused }];
}

function callback(parts: Parts, organizationId: Id, executionId: Id, url: string | undefined): Guard[] {
  if (url === undefined) return [];
  const problem = parts.checkUrl(url);
  if (problem !== undefined) throw new RunyardError("address_refused", problem, { param: "completionCallbackUrl" });
  callbackInterest(parts.database).changed(organizationId);
  const statement = executeQueries(parts.database).callback({ executionId, organizationId, url });
  return [{ statement, refused: () => "again" }];
}

function runUser(
  parts: Parts,
  ids: { executionId: Id; organizationId: Id; agentId: Id },
  request: ExecuteRequest,
): Guard[] {
  const run = { ...ids, userId: userOf(request.code), task: request.code?.task?.kind ?? null, now: parts.now() };
  return noteRunUser(parts.database, run).map((statement) => ({ statement, refused: () => "again" }));
}

async function requireLabel(parts: Parts, organizationId: Id, agentId: Id, label: string): Promise<Id> {
  const [row] = await parts.database.read(executeQueries(parts.database).labelled({ agentId, label }));
  if (row !== undefined) return row["id"] as Id;
  const numbered = await findVersion(parts.database, organizationId, agentId, label);
  if (numbered !== undefined) return numbered.id;
  throw new RunyardError("agent_version_not_found", `Agent ${spellId("agent", agentId)} has no version ${label}.`, {
    param: "version",
  });
}

/** @throws RunyardError `bundle_missing` */
function refuseWithoutBundle(agentId: Id, definition: AgentDefinition): void {
  if (definition.runtime !== "code" || definition.bundle !== undefined) return;
  throw new RunyardError(
    "bundle_missing",
    `${definition.label === undefined ? "This version" : `Version ${definition.label}`} of agent ${spellId("agent", agentId)} has no bundle to run. Push one.`,
  );
}

/** What can be told without a look-up; the guard looks again when they are downloaded. */
function checkFiles(parts: Pick<Parts, "checkUrl">, files: Record<string, string>): void {
  for (const [name, url] of Object.entries(files)) {
    const problem = /^data:/i.test(url) ? undefined : parts.checkUrl(url);
    if (problem === undefined) continue;
    throw new RunyardError("address_refused", `The file ${name} cannot be fetched: ${problem}`, { param: "files" });
  }
}

const maxSessionKeys = 64;
const maxSessionBytes = 32 * 1024;

/**
 * One level deep; null removes a key. What a request may carry is also what a conversation keeps: all of it goes to the
 * model with each call.
 * @throws RunyardError `unprocessable` when the whole would be larger
 */
function mergeSession(stored: JsonObject, given: JsonObject | undefined): JsonObject {
  if (given === undefined) return stored;
  const merged = { ...stored, ...given };
  for (const [key, value] of Object.entries(merged)) if (value === null) delete merged[key];
  const keys = Object.keys(merged).length;
  const bytes = Buffer.byteLength(JSON.stringify(merged));
  if (keys <= maxSessionKeys && bytes <= maxSessionBytes) return merged;
  throw new RunyardError(
    "unprocessable",
    `A conversation's session holds at most ${maxSessionKeys} keys and ${maxSessionBytes} bytes of JSON; with these it would have ${keys} keys and ${bytes} bytes. Remove keys by sending null for them.`,
    { param: "memory.session" },
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
