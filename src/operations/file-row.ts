import { RunyardError } from "../contract/errors.ts";
import type { StoredFile } from "../contract/file.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row } from "../store/statement.ts";

export function readFileRow(row: Row): StoredFile {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    name: row["name"] as string,
    type: row["type"] as string,
    sizeBytes: row["size_bytes"] as number,
    sha256: row["sha256"] as string,
    createdAt: row["created_at"] as number,
  };
}

/** @throws `file_not_found` */
export async function requireFile(database: Database, organizationId: Id, fileId: Id): Promise<StoredFile> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("file")
        .selectAll()
        .where("id", "=", fileId)
        .where("organization_id", "=", organizationId),
    ),
  );
  if (row === undefined) throw fileNotFound(fileId);
  return readFileRow(row);
}

export function fileNotFound(fileId: Id): RunyardError {
  return new RunyardError("file_not_found", `There is no file ${spellId("file", fileId)}.`);
}
