import type { Id } from "../contract/ids.ts";
import type { Environment, Organization } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";

/** The organizations whose keys a caller manages: a live one its own and its test twin's, a twin only its own. */
export async function keyOwners(database: Database, organization: Organization): Promise<Map<Id, Environment>> {
  if (organization.environment === "test") return new Map([[organization.id, "test"]]);
  const rows = await database.read(
    toStatement(
      database.builder.selectFrom("organization").select(["id", "environment"]).where("live_id", "=", organization.id),
    ),
  );
  return new Map(rows.map((row) => [row["id"] as Id, row["environment"] as Environment]));
}
