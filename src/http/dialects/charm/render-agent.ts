import type { Agent } from "../../../contract/agent.ts";
import type { Id } from "../../../contract/ids.ts";
import { versionLabel } from "../../../operations/version-label.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import type { WireAgent } from "./schemas/agent.ts";
import { renderTime } from "./time.ts";

/** @param aliases the callers' own names of agents */
export function renderAgent(agent: Agent, aliases: ReadonlyMap<Id, string>): WireAgent {
  const { definition } = agent.currentVersion;
  const id = aliases.get(agent.id) ?? agent.id;
  const isCode = definition.runtime === "code";
  return {
    id,
    agent_id: id,
    user_id: (isCode ? definition.owner : undefined) ?? null,
    name: definition.name,
    version: versionLabel(agent.currentVersion),
    is_active: agent.status === "active",
    config: (isCode ? definition.manifest : undefined) ?? null,
    metadata: (isCode ? definition.annotations : definition.metadata) ?? null,
    created_at: renderTime(agent.createdAt),
    updated_at: renderTime(agent.updatedAt),
  };
}

/** Agents of one answer, with the names that their callers gave them. */
export async function renderAgents(
  operations: Pick<Operations, "readAliases">,
  caller: Caller,
  agents: readonly Agent[],
): Promise<WireAgent[]> {
  const aliases = await operations.readAliases(
    caller,
    agents.map(({ id }) => id),
  );
  return agents.map((agent) => renderAgent(agent, aliases));
}
