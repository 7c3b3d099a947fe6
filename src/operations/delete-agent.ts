import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { agentNotFound, requireAgent } from "./agent-row.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** The row and its versions stay, so that running executions go on and finished ones can be read. */
export async function deleteAgent(
  { database, now, wakeRelay }: Pick<OperationParts, "database" | "now" | "wakeRelay">,
  caller: Caller,
  agentId: Id,
): Promise<void> {
  requireScope(caller, "agents:write");
  const organizationId = caller.organization.id;
  const agent = await requireAgent(database, organizationId, agentId);
  const deletedAt = now();
  const unit = [
    toStatement(
      database.builder
        .updateTable("agent")
        .set({ deleted_at: deletedAt })
        .where("id", "=", agentId)
        .where("organization_id", "=", organizationId)
        .where("deleted_at", "is", null),
      { expectsRow: true },
    ),
    toStatement(database.builder.deleteFrom("alias").where("id", "=", agentId).where("kind", "=", "agent")),
    // Its daemons are not brought up again; those that run end when they have been idle.
    toStatement(
      database.builder
        .updateTable("daemon")
        .set({ wanted: "paused", updated_at: deletedAt })
        .where("organization_id", "=", organizationId)
        .where("agent_id", "=", agentId),
    ),
    outboxStatement(database, {
      organizationId,
      type: "agent.deleted",
      agentId,
      data: { agentId, name: agent.currentVersion.definition.name },
      at: deletedAt,
    }),
  ];
  try {
    await database.write(unit);
  } catch (error) {
    if (error instanceof UnitRejected) throw agentNotFound(agentId); // another call was faster
    throw error;
  }
  wakeRelay();
}
