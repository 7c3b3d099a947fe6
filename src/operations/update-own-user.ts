import { RunyardError } from "../contract/errors.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Organization } from "../contract/organization.ts";
import type { User } from "../contract/user.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { inTurn } from "./in-turn.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { checkProfile } from "./profile.ts";
import { requireScope } from "./scopes.ts";
import { noteUser, ownUser, readUser, readUserRow } from "./user-row.ts";

const maxTries = 5;

/**
 * Merges fields into what is kept of the key's own user, one level deep. Null leaves a field as it is.
 *
 * @throws `unprocessable` when it becomes too much, `edit_conflict` when others were faster several times in a row
 */
export async function updateOwnUser(
  parts: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  fields: JsonObject,
): Promise<User> {
  requireScope(caller, "agents:write");
  const { organization } = caller;
  return inTurn(parts.database, organization.id, () => mergeFields(parts, organization, fields));
}

async function mergeFields(
  { database, now: clock }: Pick<OperationParts, "database" | "now">,
  organization: Organization,
  fields: JsonObject,
): Promise<User> {
  const changes = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  for (let count = 1; count <= maxTries; count += 1) {
    const row = await readUserRow(database, organization.id, organization.id);
    const user = row === undefined ? ownUser(organization) : readUser(row);
    const profile = { ...user.profile, ...changes };
    checkProfile(profile);
    const known = row?.["profile"];
    const now = clock();
    const update = database.builder
      .updateTable("app_user")
      .set({ profile: JSON.stringify(profile), updated_at: now })
      .where("organization_id", "=", organization.id)
      .where("id", "=", organization.id)
      .where("profile", typeof known === "string" ? "=" : "is", typeof known === "string" ? known : null);
    try {
      await database.write([
        noteUser(database, { organizationId: organization.id, userId: organization.id, now: user.createdAt }),
        toStatement(update, { expectsRow: true }),
      ]);
      return { ...user, profile, updatedAt: now };
    } catch (error) {
      if (!(error instanceof UnitRejected)) throw error;
    }
  }
  throw new RunyardError("edit_conflict", "The user is being changed by others at the same time. Try again.");
}
