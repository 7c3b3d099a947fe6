import type { Agent } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { readVersionRow } from "./agent-row.ts";
import { changeAgent } from "./change-agent.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { openDefinition } from "./seal-definition.ts";

/** @throws `agent_version_not_found` when the agent has no version of this number, or none before its first */
export async function rollbackAgent(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "checkDefinition" | "wakeRelay">,
  caller: Caller,
  agentId: Id,
  versionNumber: number | undefined,
): Promise<Agent> {
  requireScope(caller, "agents:write");
  const organizationId = caller.organization.id;
  return changeAgent(parts, caller, agentId, {
    async define(current) {
      const number = versionNumber ?? current.number - 1;
      const [row] = await parts.database.read(
        toStatement(
          parts.database.builder
            .selectFrom("agent_version")
            .selectAll()
            .where("agent_id", "=", agentId)
            .where("organization_id", "=", organizationId)
            .where("number", "=", number),
        ),
      );
      if (row === undefined) {
        throw new RunyardError(
          "agent_version_not_found",
          `Agent ${spellId("agent", agentId)} has versions 1 to ${current.number}; there is no version ${number}.`,
          { param: "version" },
        );
      }
      const version = readVersionRow(row);
      return openDefinition(parts.secrets, { organizationId, versionId: version.id }, version.definition);
    },
  });
}
