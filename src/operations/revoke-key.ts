import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import type { ApiKey } from "../contract/organization.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { readApiKey } from "./api-key-row.ts";
import { keyOwners } from "./key-owners.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** The next request with the key is refused. Executions that it started go on. */
export async function revokeKey(
  { database, now, wakeRelay }: Pick<OperationParts, "database" | "now" | "wakeRelay">,
  caller: Caller,
  keyId: Id,
): Promise<ApiKey> {
  requireScope(caller, "keys:manage");
  const owners = await keyOwners(database, caller.organization);
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("api_key")
        .selectAll()
        .where("id", "=", keyId)
        .where("organization_id", "in", [...owners.keys()])
        .where("revoked_at", "is", null),
    ),
  );
  if (row === undefined) throw keyNotFound(keyId);
  const organizationId = row["organization_id"] as Id;
  const revokedAt = now();
  const environment = owners.get(organizationId) ?? "live";
  const apiKey = readApiKey({ ...row, environment, revoked_at: revokedAt });
  const revoke = toStatement(
    database.builder
      .updateTable("api_key")
      .set({ revoked_at: revokedAt })
      .where("id", "=", keyId)
      .where("organization_id", "=", organizationId)
      .where("revoked_at", "is", null),
    { expectsRow: true },
  );
  const told = outboxStatement(database, {
    organizationId,
    type: "key.revoked",
    agentId: null,
    data: { keyId, name: apiKey.name },
    at: revokedAt,
  });
  try {
    await database.write([revoke, told]);
  } catch (error) {
    if (error instanceof UnitRejected) throw keyNotFound(keyId); // another call was faster
    throw error;
  }
  wakeRelay();
  return apiKey;
}

function keyNotFound(keyId: Id): RunyardError {
  return new RunyardError("key_not_found", `There is no key ${spellId("apiKey", keyId)}, or it was revoked.`);
}
