import type { Agent } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import { changeAgent } from "./change-agent.ts";
import type { AgentChange, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function updateAgent(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "checkDefinition" | "wakeRelay">,
  caller: Caller,
  agentId: Id,
  { status, define }: AgentChange,
): Promise<Agent> {
  requireScope(caller, "agents:write");
  return changeAgent(parts, caller, agentId, {
    ...(status === undefined ? {} : { status }),
    ...(define === undefined ? {} : { define: ({ definition }) => define(definition) }),
  });
}
