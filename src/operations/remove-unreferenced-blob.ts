import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import type { OperationParts } from "./parts.ts";

/** Removes bytes that no file, version or upload has any more. Bytes that are just being put again stay. */
export async function removeUnreferencedBlob(
  { database, blobFiles }: Pick<OperationParts, "database" | "blobFiles">,
  sha256: string,
): Promise<boolean> {
  const { builder } = database;
  return blobFiles.remove(sha256, {
    async unreferenced() {
      const holders = [
        builder.selectFrom("file").select("id").where("sha256", "=", sha256).limit(1),
        builder.selectFrom("agent_version").select("id").where("bundle_sha256", "=", sha256).limit(1),
        builder.selectFrom("bundle_upload").select("id").where("sha256", "=", sha256).limit(1),
      ];
      for (const holder of holders) if ((await database.read(toStatement(holder))).length > 0) return false;
      return true;
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
