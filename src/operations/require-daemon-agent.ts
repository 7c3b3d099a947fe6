import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import { requireAgent } from "./agent-row.ts";

/**
 * The version that a daemon of this agent runs when nobody names one.
 * @throws `agent_not_found`, `agent_paused`, `bundle_missing`, `unprocessable` for an agent that is no program
 */
export async function requireDaemonAgent(database: Database, organizationId: Id, agentId: Id): Promise<Id> {
  const { status, currentVersion } = await requireAgent(database, organizationId, agentId);
  const spelled = spellId("agent", agentId);
  const { definition } = currentVersion;
  if (definition.runtime !== "code") {
    throw new RunyardError("unprocessable", `Agent ${spelled} is a ${definition.runtime} agent, which has no daemon.`);
  }
  if (status === "paused") {
    throw new RunyardError("agent_paused", `Agent ${spelled} is paused; set its status to active first.`);
  }
  if (definition.bundle === undefined) {
    throw new RunyardError("bundle_missing", `The current version of agent ${spelled} has no bundle to run. Push one.`);
  }
  return currentVersion.id;
}
