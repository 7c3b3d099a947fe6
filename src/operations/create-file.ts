import type { Readable } from "node:stream";
import type { StoredFile } from "../contract/file.ts";
import { newId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function createFile(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "maxFileBytes">,
  caller: Caller,
  request: { name: string; type: string; content: Readable },
): Promise<StoredFile> {
  requireScope(caller, "agents:write");
  const { database, blobFiles, now, maxFileBytes } = parts;
  const { builder } = database;
  const { name, type, content } = request;
  return blobFiles.put(
    content,
    { maxBytes: maxFileBytes },
    {
      async note({ sha256, sizeBytes }) {
        const noted = { sha256, size_bytes: sizeBytes, created_at: now() };
        // The time of the newest upload, so that a sweep lets it come to its end.
        const insert = builder
          .insertInto("blob")
          .values(noted)
          .onConflict((conflict) => conflict.column("sha256").doUpdateSet({ created_at: noted.created_at }));
        await database.write([toStatement(insert)]);
      },
      async refer({ sha256, sizeBytes }) {
        const organizationId = caller.organization.id;
        const file: StoredFile = { id: newId(), organizationId, name, type, sizeBytes, sha256, createdAt: now() };
        const insert = builder.insertInto("file").values({
          id: file.id,
          organization_id: organizationId,
          name,
          type,
          sha256,
          size_bytes: sizeBytes,
          created_at: file.createdAt,
        });
        await commitOnce(parts, caller, [toStatement(insert)], file);
        return file;
      },
    },
  );
}
