import { z } from "zod";
import { codeLifecycles } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { isTerminalStatus, type Execution } from "../contract/execution.ts";
import { type Id, newId, spellId } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import { UnitRejected } from "../store/statement.ts";
import { readEvent } from "../engine/event-feed.ts";
import { toStatement } from "../store/database.ts";
import { conversationBusy, conversationQueue } from "./conversation-queue.ts";
import { daemonBusy, daemonQueue } from "./daemon-queue.ts";
import { checkQuota } from "./execution-quota.ts";
import { executionReplay } from "./execution-replay.ts";
import { getExecution } from "./get-execution.ts";
import type { Caller, CodeRunRequest } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { readAgentVersion } from "./read-agent-version.ts";
import { type Guard, refusalOf, reserveCredit } from "./reserve-credit.ts";
import { requireRunnableAgent } from "./runnable-agent.ts";
import { requireScope } from "./scopes.ts";

/**
 * The log of the old execution stays as it is; the new one runs the same version on the same input. Whatever keeps an
 * agent from being executed keeps its executions from being started again.
 */
export async function restartExecution(
  parts: Pick<OperationParts, "database" | "engine" | "secrets" | "now" | "plans" | "estimateCost">,
  caller: Caller,
  executionId: Id,
): Promise<Execution> {
  requireScope(caller, "agents:execute");
  const { database, engine } = parts;
  const organizationId = caller.organization.id;
  const row = await requireExecutionRow(database, organizationId, executionId);
  const status = row["status"] as Execution["status"];
  if (!isTerminalStatus(status)) {
    throw new RunyardError(
      "execution_not_running",
      `Execution ${spellId("execution", executionId)} is ${status}; one that has not ended cannot be started again.`,
      { executionId },
    );
  }
  const conversationId = row["conversation_id"] as Id | null;
  const [first] = await database.read(
    toStatement(
      database.builder.selectFrom("event").selectAll().where("execution_id", "=", executionId).where("seq", "=", 1),
    ),
  );
  const event = first === undefined ? undefined : readEvent(first);
  if (event?.type !== "execution-queued") throw conversationGone(executionId);
  // By now other turns may stand before it.
  const input: Json = isObject(event.body.input) ? { ...event.body.input, isFirst: false } : event.body.input;
  await requireRunnableAgent(parts, organizationId, row["agent_id"] as Id);
  await checkQuota(parts, caller.organization);
  const id = newId();
  const { definition } = await readAgentVersion(parts, organizationId, row["agent_version_id"] as Id);
  const ofDaemon = daemonQueue(row["agent_id"] as Id, definition, readRun(input));
  const queue = ofDaemon ?? (conversationId === null ? undefined : conversationQueue(conversationId, false));
  const reservation = reserveCredit(parts, caller, id, definition, JSON.stringify(input).length);
  const guards: Guard[] = [
    ...(conversationId === null ? [] : [continueConversation(parts, organizationId, conversationId, executionId)]),
    ...reservation.guards,
    ...executionReplay(parts, caller, id).map((statement) => ({
      statement,
      refused: () => new RunyardError("idempotency_in_progress", "Another call with this idempotency key came first."),
    })),
  ];
  try {
    await engine.start({
      id,
      organizationId,
      program: row["program"] as string,
      input,
      agentId: row["agent_id"] as Id,
      agentVersionId: row["agent_version_id"] as Id,
      ...(conversationId === null ? {} : { conversationId }),
      ...(queue === undefined ? {} : { queue }),
      metadata: JSON.parse(row["metadata"] as string) as JsonObject,
      reservedNanoUsd: reservation.amountNanoUsd,
      before: guards.map((guard) => guard.statement),
    });
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    throw refusalOf(guards, error) ?? (ofDaemon === undefined ? conversationBusy(conversationId ?? id) : daemonBusy());
  }
  return getExecution(parts, caller, id);
}

function continueConversation(
  { database, now }: Pick<OperationParts, "database" | "now">,
  organizationId: Id,
  conversationId: Id,
  executionId: Id,
): Guard {
  return {
    statement: toStatement(
      database.builder
        .updateTable("conversation")
        .set({ last_active_at: now() })
        .where("id", "=", conversationId)
        .where("organization_id", "=", organizationId)
        .returning("id"),
      { expectsRow: true },
    ),
    refused: () => conversationGone(executionId),
  };
}

function conversationGone(executionId: Id): RunyardError {
  return new RunyardError(
    "conversation_not_found",
    "The conversation of this execution was deleted, and its input with it; it cannot be started again.",
    { executionId },
  );
}

/** What says whose daemon the run is for. */
function readRun(input: Json): CodeRunRequest {
  const run = isObject(input) ? (input["run"] ?? null) : null;
  return runSchema.parse(isObject(run) ? run : {});
}

const runSchema = z.object({ userId: z.string().optional(), lifecycle: z.enum(codeLifecycles).optional() });

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
