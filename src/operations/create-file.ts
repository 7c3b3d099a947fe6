import type { Readable } from "node:stream";
import type { StoredFile } from "../contract/file.ts";
import { newId } from "../contract/ids.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { putFile } from "./put-file.ts";
import { requireScope } from "./scopes.ts";

export async function createFile(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "maxFileBytes">,
  caller: Caller,
  request: { name: string; type: string; content: Readable },
): Promise<StoredFile> {
  requireScope(caller, "agents:write");
  const wanted = { ...request, id: newId(), organizationId: caller.organization.id };
  return putFile(parts, wanted, async (file, insert) => {
    await commitOnce(parts, caller, [insert], file);
    return file;
  });
}
