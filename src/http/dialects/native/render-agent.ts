import type { Agent, AgentVersion } from "../../../contract/agent.ts";
import { spellId } from "../../../contract/ids.ts";
import { renderDefinition } from "./definition.ts";
import type { WireAgent, WireAgentVersion } from "./schemas/agent.ts";
import { renderTime } from "./time.ts";

export function renderAgent(agent: Agent): WireAgent {
  return {
    id: spellId("agent", agent.id),
    ...renderDefinition(agent.currentVersion.definition),
    status: agent.status,
    version: agent.currentVersion.number,
    createdAt: renderTime(agent.createdAt),
    updatedAt: renderTime(agent.updatedAt),
  };
}

export function renderAgentVersion(version: AgentVersion): WireAgentVersion {
  return {
    id: spellId("agentVersion", version.id),
    agentId: spellId("agent", version.agentId),
    version: version.number,
    ...renderDefinition(version.definition),
    createdAt: renderTime(version.createdAt),
  };
}
