import { sql } from "kysely";
import { RunyardError } from "../contract/errors.ts";
import { newId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { User } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { checkProfile } from "./profile.ts";
import { requireScope } from "./scopes.ts";
import { checkUserId, readUserRow } from "./user-row.ts";

/**
 * Makes a user. One whom other calls have merely named is filled in; a user of whom something is known stays as it is.
 *
 * @throws `user_exists`, `invalid_field_value`, `unprocessable`
 */
export async function createUser(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  request: { id?: string; profile: JsonObject },
): Promise<User> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const { id = newId(), profile } = request;
  checkUserId(id, "id");
  checkProfile(profile);
  if (id === organizationId) throw userExists(id);
  const now = parts.now();
  const named = await readUserRow(database, organizationId, id);
  const createdAt = named === undefined ? now : (named["created_at"] as number);
  const user: User = { organizationId, id, profile, createdAt, updatedAt: now };
  const text = JSON.stringify(profile);
  const insert = toStatement(
    database.builder
      .insertInto("app_user")
      .values({ organization_id: organizationId, id, profile: text, created_at: now, updated_at: now })
      .onConflict((conflict) =>
        conflict
          .columns(["organization_id", "id"])
          .doUpdateSet({ profile: text, updated_at: now })
          .where(sql<boolean>`app_user.profile is null`),
      )
      .returning("id"),
    { expectsRow: true },
  );
  try {
    await commitOnce(parts, caller, [insert], user);
  } catch (error) {
    if (error instanceof UnitRejected && error.statement === 0) throw userExists(id);
    throw error;
  }
  return user;
}

function userExists(id: string): RunyardError {
  return new RunyardError("user_exists", `There is a user ${id} already.`, { param: "id" });
}
