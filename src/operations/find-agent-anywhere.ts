import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Caller, FoundAgent } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/**
 * An agent of any organization, by our id or by its owner's own. Organizations choose ids without knowing of each other:
 * of several agents of one name the caller's own is meant, else the oldest. Our ids are told from all of them.
 *
 * @returns undefined when there is none
 */
export async function findAgentAnywhere(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  text: string,
): Promise<FoundAgent | undefined> {
  requireScope(caller, "admin");
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("agent")
        .leftJoin("alias", (join) => join.onRef("alias.id", "=", "agent.id").on("alias.kind", "=", "agent"))
        .select(["agent.id", "agent.organization_id", "alias.alias"])
        .where((where) => where.or([where("alias.alias", "=", text), where("agent.id", "=", text.toLowerCase())]))
        .where("agent.deleted_at", "is", null)
        .orderBy("agent.id"),
    ),
  );
  const row =
    rows.find(({ id }) => id === text.toLowerCase()) ??
    rows.find((one) => one["organization_id"] === caller.organization.id) ??
    rows[0];
  if (row === undefined) return undefined;
  return {
    id: row["id"] as Id,
    organizationId: row["organization_id"] as Id,
    alias: (row["alias"] as string | null) ?? undefined,
  };
}
