import type { Readable } from "node:stream";
import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import { requireFile } from "./file-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Whoever takes the content reads it to its end or destroys it. */
export async function openFile(
  { database, blobFiles }: Pick<OperationParts, "database" | "blobFiles">,
  caller: Caller,
  fileId: Id,
): Promise<{ file: StoredFile; content: Readable }> {
  requireScope(caller, "agents:read");
  const file = await requireFile(database, caller.organization.id, fileId);
  return { file, content: await blobFiles.open(file.sha256) };
}
