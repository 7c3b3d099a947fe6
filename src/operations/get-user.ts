import { RunyardError } from "../contract/errors.ts";
import type { User } from "../contract/user.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { ownUser, readUser, readUserRow } from "./user-row.ts";

/**
 * A user of the caller's organization. The key's own user, whose id is the organization's, is always there.
 *
 * @param userId default: the key's own
 */
export async function getUser(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  userId?: string,
): Promise<User> {
  requireScope(caller, "agents:read");
  const { organization } = caller;
  const id = userId ?? organization.id;
  const row = await readUserRow(database, organization.id, id);
  if (row !== undefined) return readUser(row);
  if (id === organization.id) return ownUser(organization);
  throw new RunyardError("user_not_found", `There is no user ${id}.`, { param: "userId" });
}
