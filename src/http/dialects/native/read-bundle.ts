import type { Caller, Operations } from "../../../operations/operations.ts";
import type { Bundle } from "./code-definition.ts";
import { idOf } from "./ids.ts";

/**
 * The uploaded file that a request names as its bundle, once all of it was found fit to be unpacked.
 * @throws RunyardError `file_not_found`, `bundle_invalid`
 */
export async function readBundle(
  operations: Pick<Operations, "getFile" | "inspectBundle">,
  caller: Caller,
  fileId: string,
): Promise<Bundle> {
  const file = await operations.getFile(caller, idOf("file", fileId, "bundle"));
  const { sha256, sizeBytes } = file;
  const { contentSha256 } = await operations.inspectBundle(caller, sha256, []);
  return { sha256, sizeBytes, contentSha256 };
}
