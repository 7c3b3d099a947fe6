import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import { requireFile } from "./file-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function getFile(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  fileId: Id,
): Promise<StoredFile> {
  requireScope(caller, "agents:read");
  return requireFile(database, caller.organization.id, fileId);
}
