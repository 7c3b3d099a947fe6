import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { executeQueries } from "./execute-queries.ts";
import type { OperationParts } from "./parts.ts";

/** An agent that takes new executions. @throws RunyardError `agent_not_found` (deleted ones as well), `agent_paused` */
export async function requireRunnableAgent(
  { database }: Pick<OperationParts, "database">,
  organizationId: Id,
  agentId: Id,
): Promise<{ currentVersionId: Id }> {
  const [agent] = await database.read(executeQueries(database).agent({ id: agentId, organizationId }));
  if (agent === undefined) throw new RunyardError("agent_not_found", `There is no agent ${spellId("agent", agentId)}.`);
  if (agent["status"] === "paused") {
    throw new RunyardError(
      "agent_paused",
      `Agent ${spellId("agent", agentId)} is paused; set its status to active first.`,
    );
  }
  return { currentVersionId: agent["current_version_id"] as Id };
}
