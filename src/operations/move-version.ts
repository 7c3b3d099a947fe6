import type { Agent, AgentVersion } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { newId, spellId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";

/**
 * Makes another version of an agent the current one, together with a statement about the history of such moves.
 *
 * @param agent as it was read: when its current version is another by now, nothing changes
 * @param history must change a row
 * @throws `edit_conflict` when the agent or its history was changed meanwhile
 */
export async function moveVersion(
  { database, now, wakeRelay }: Pick<OperationParts, "database" | "now" | "wakeRelay">,
  agent: Agent,
  to: AgentVersion,
  history: Statement,
): Promise<Agent> {
  const { id, organizationId } = agent;
  const updatedAt = Math.max(now(), agent.updatedAt);
  const { name } = to.definition;
  const unit: Statement[] = [
    toStatement(
      database.builder
        .updateTable("agent")
        .set({ current_version_id: to.id, name, updated_at: updatedAt })
        .where("id", "=", id)
        .where("organization_id", "=", organizationId)
        .where("current_version_id", "=", agent.currentVersion.id)
        .where("deleted_at", "is", null),
      { expectsRow: true },
    ),
    history,
    outboxStatement(database, {
      organizationId,
      type: "agent.updated",
      agentId: id,
      data: { agentId: id, name },
      at: updatedAt,
    }),
  ];
  try {
    await database.write(unit);
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    throw new RunyardError(
      "edit_conflict",
      `The current version of agent ${spellId("agent", id)} was changed by another call at the same time.`,
    );
  }
  wakeRelay();
  return { ...agent, currentVersion: to, updatedAt };
}

/** Keeps that the current version moved, so that the move can be taken back. */
export function recordMove(
  { database, now }: Pick<OperationParts, "database" | "now">,
  agent: Agent,
  to: AgentVersion,
) {
  return toStatement(
    database.builder.insertInto("version_change").values({
      id: newId(),
      organization_id: agent.organizationId,
      agent_id: agent.id,
      from_version_id: agent.currentVersion.id,
      to_version_id: to.id,
      created_at: now(),
    }),
  );
}
