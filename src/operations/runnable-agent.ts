import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { executeQueries } from "./execute-queries.ts";
import type { OperationParts } from "./parts.ts";

/** An agent that takes new executions. @throws RunyardError `agent_not_found` (deleted ones as well), `agent_paused` */
export async function requireRunnableAgent(
  parts: Pick<OperationParts, "database">,
  organizationId: Id,
  agentId: Id,
): Promise<void> {
  refusePaused(await findAgentToRun(parts, organizationId, agentId));
}

export interface AgentToRun {
  id: Id;
  currentVersionId: Id;
  isPaused: boolean;
}

/** @throws RunyardError `agent_not_found` (deleted ones as well) */
export async function findAgentToRun(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  agentId: Id,
): Promise<AgentToRun> {
  const [agent] = await database.read(executeQueries(database).agent({ id: agentId, organizationId }));
  if (agent === undefined) throw new RunyardError("agent_not_found", `There is no agent ${spellId("agent", agentId)}.`);
  return { id: agentId, currentVersionId: agent["current_version_id"] as Id, isPaused: agent["status"] === "paused" };
}

/** @throws RunyardError `agent_paused` */
export function refusePaused({ id, isPaused }: AgentToRun): void {
  if (!isPaused) return;
  throw new RunyardError("agent_paused", `Agent ${spellId("agent", id)} is paused; set its status to active first.`);
}
