import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import type { OperationParts } from "./parts.ts";

/** Removes bytes that no file has any more. Bytes that are just being put again stay. */
export async function removeUnreferencedBlob(
  { database, blobFiles }: Pick<OperationParts, "database" | "blobFiles">,
  sha256: string,
): Promise<boolean> {
  const { builder } = database;
  return blobFiles.remove(sha256, {
    async unreferenced() {
      const file = builder.selectFrom("file").select("id").where("sha256", "=", sha256).limit(1);
      return (await database.read(toStatement(file))).length === 0;
    },
    async forget() {
      try {
        await database.write([toStatement(builder.deleteFrom("blob").where("sha256", "=", sha256))]);
      } catch (error) {
        if (!(error instanceof UnitRejected)) throw error; // a file has it again, put by another process
      }
    },
  });
}
