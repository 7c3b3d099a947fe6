import { RunyardError } from "../contract/errors.ts";
import { toStatement } from "../store/database.ts";
import type { BundleFacts, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function inspectBundle(
  parts: Pick<OperationParts, "database" | "blobFiles" | "inspectBundle">,
  caller: Caller,
  sha256: string,
  wanted: readonly string[],
): Promise<BundleFacts> {
  requireScope(caller, "agents:write");
  const { database, blobFiles } = parts;
  const { builder } = database;
  const organizationId = caller.organization.id;
  // The bytes of others are named by their hash as well, and must not be read by who knows it.
  const owned = [
    builder.selectFrom("file").select("id").where("organization_id", "=", organizationId).where("sha256", "=", sha256),
    builder
      .selectFrom("bundle_upload")
      .select("id")
      .where("organization_id", "=", organizationId)
      .where("sha256", "=", sha256),
  ] as const;
  const [file, upload] = await Promise.all([
    database.read(toStatement(owned[0].limit(1))),
    database.read(toStatement(owned[1].limit(1))),
  ]);
  if (file.length + upload.length === 0) throw new RunyardError("file_not_found", "There is no such file.");
  return parts.inspectBundle(await blobFiles.open(sha256), wanted);
}
