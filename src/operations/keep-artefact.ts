import type { Readable } from "node:stream";
import type { Id } from "../contract/ids.ts";
import { UnitRejected } from "../store/statement.ts";
import { deriveId } from "./derive-id.ts";
import type { OperationParts } from "./parts.ts";
import { putFile } from "./put-file.ts";

/**
 * Keeps what an execution has made as a file of its organization, for programs. The id comes from the execution and the
 * name, so that an attempt that does it again finds the file of the one before.
 */
export async function keepArtefact(
  parts: Pick<OperationParts, "database" | "blobFiles" | "now" | "maxFileBytes">,
  { organizationId, executionId }: { organizationId: Id; executionId: Id },
  file: { name: string; type: string; content: Readable },
): Promise<{ fileId: Id; sizeBytes: number }> {
  const id = deriveId(executionId, "artefact", file.name);
  return putFile(parts, { ...file, id, organizationId }, async ({ sizeBytes }, insert) => {
    try {
      await parts.database.write([insert]);
    } catch (error) {
      if (!(error instanceof UnitRejected) || error.failure !== "unique") throw error;
    }
    return { fileId: id, sizeBytes };
  });
}
