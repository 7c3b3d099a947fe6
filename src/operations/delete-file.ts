import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { fileNotFound, requireFile } from "./file-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { removeUnreferencedBlob } from "./remove-unreferenced-blob.ts";
import { requireScope } from "./scopes.ts";

/** The bytes go with the last file that has them. */
export async function deleteFile(
  parts: Pick<OperationParts, "database" | "blobFiles">,
  caller: Caller,
  fileId: Id,
): Promise<void> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const { sha256 } = await requireFile(database, organizationId, fileId);
  const remove = toStatement(
    database.builder.deleteFrom("file").where("id", "=", fileId).where("organization_id", "=", organizationId),
    { expectsRow: true },
  );
  try {
    await database.write([remove]);
  } catch (error) {
    if (error instanceof UnitRejected) throw fileNotFound(fileId); // another call was faster
    throw error;
  }
  await removeUnreferencedBlob(parts, sha256);
}
