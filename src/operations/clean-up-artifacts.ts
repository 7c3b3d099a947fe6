import { sweepUploads } from "./bundle-upload.ts";
import type { ArtifactCleanup, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { sweepBlobs } from "./sweep-retention.ts";

/**
 * Removes what no agent needs any more, of all organizations: uploads that nobody came back for, bytes that nothing
 * refers to, and installed dependencies beyond what is kept. It can break off and be called again at any point.
 */
export async function cleanUpArtifacts(
  parts: Pick<OperationParts, "database" | "blobFiles" | "now" | "removeOldLayers">,
  caller: Caller,
): Promise<ArtifactCleanup> {
  requireScope(caller, "internal");
  return {
    uploads: await sweepUploads(parts),
    blobs: await sweepBlobs(parts),
    layers: (await parts.removeOldLayers?.()) ?? 0,
  };
}
