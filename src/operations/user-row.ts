import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import { jsonObjectSchema } from "../contract/json.ts";
import type { Organization } from "../contract/organization.ts";
import type { User } from "../contract/user.ts";
import { type Database, toStatement } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Row, Statement } from "../store/statement.ts";
import { perDatabase } from "./per-database.ts";

const longestUserId = 255;

export function isUserId(text: string): boolean {
  return text.length > 0 && text.length <= longestUserId;
}

/** @throws `invalid_field_value` when it is no id for a user */
export function checkUserId(userId: string, param = "userId"): void {
  if (isUserId(userId)) return;
  throw new RunyardError("invalid_field_value", `A user's id has 1 to ${longestUserId} characters.`, { param });
}

/**
 * Makes sure that a user who is named in a call is there: users exist from the first time that anything names them.
 *
 * @throws `invalid_field_value` when it is no id for a user
 */
export function noteUser(
  database: Database,
  { organizationId, userId, now }: { organizationId: Id; userId: string; now: number },
): Statement {
  checkUserId(userId);
  return insertUser(database)({ organizationId, userId, now });
}

const insertUser = perDatabase(({ builder }) =>
  prepared<{ organizationId: string; userId: string; now: number }>((p) =>
    builder
      .insertInto("app_user")
      .values({ organization_id: p.organizationId, id: p.userId, created_at: p.now, updated_at: p.now })
      .onConflict((conflict) => conflict.doNothing()),
  ),
);

/** As it is stored: null when nobody has said anything of the user. */
export async function readUserRow(database: Database, organizationId: Id, userId: string): Promise<Row | undefined> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("app_user")
        .selectAll()
        .where("organization_id", "=", organizationId)
        .where("id", "=", userId),
    ),
  );
  return row;
}

/** The key's own user as it is before anything is said of it. */
export function ownUser({ id, createdAt }: Organization): User {
  return { organizationId: id, id, profile: {}, createdAt, updatedAt: createdAt };
}

export function readUser(row: Row): User {
  const profile = row["profile"];
  return {
    organizationId: row["organization_id"] as string,
    id: row["id"] as string,
    profile: typeof profile === "string" ? jsonObjectSchema.parse(JSON.parse(profile)) : {},
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}
