import type { Readable } from "node:stream";
import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import type { OperationParts } from "./parts.ts";

/**
 * Stores the bytes of `content` and the row of a file that has them.
 * @param commit writes the row, and whatever else belongs to it, in one unit
 * @throws `body_too_large`; what the stream or the commit threw
 */
export async function putFile<T>(
  { database, blobFiles, now, maxFileBytes }: Pick<OperationParts, "database" | "blobFiles" | "now" | "maxFileBytes">,
  request: { id: Id; organizationId: Id; name: string; type: string; content: Readable },
  commit: (file: StoredFile, insert: Statement) => Promise<T>,
): Promise<T> {
  const { builder } = database;
  const { content, ...named } = request;
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
        const file: StoredFile = { ...named, sizeBytes, sha256, createdAt: now() };
        const insert = builder.insertInto("file").values({
          id: file.id,
          organization_id: file.organizationId,
          name: file.name,
          type: file.type,
          sha256,
          size_bytes: sizeBytes,
          created_at: file.createdAt,
        });
        return commit(file, toStatement(insert));
      },
    },
  );
}
