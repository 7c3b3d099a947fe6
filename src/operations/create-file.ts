import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { StoredFile } from "../contract/file.ts";
import { newId } from "../contract/ids.ts";
import { findIdempotent } from "./find-idempotent.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller, EarlierAnswer } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { putFile } from "./put-file.ts";
import { requireScope } from "./scopes.ts";

/** What is the same call is told by the content, so a repetition is known once its bytes have been read; they are swept. */
export async function createFile(
  parts: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "maxFileBytes">,
  caller: Caller,
  request: { name: string; type: string; content: Readable },
): Promise<StoredFile | EarlierAnswer> {
  requireScope(caller, "agents:write");
  const wanted = { ...request, id: newId(), organizationId: caller.organization.id };
  return putFile<StoredFile | EarlierAnswer>(parts, wanted, async (file, insert) => {
    const keyed = withContent(caller, file);
    const earlier = keyed.idempotency === undefined ? undefined : await findIdempotent(parts, keyed, keyed.idempotency);
    if (earlier?.kind === "answer") return earlier;
    await commitOnce(parts, keyed, [insert], file);
    return file;
  });
}

function withContent(caller: Caller, { name, type, sha256 }: StoredFile): Caller {
  if (caller.idempotency === undefined) return caller;
  const bodyHash = createHash("sha256")
    .update(JSON.stringify([name, type, sha256]))
    .digest("hex");
  return { ...caller, idempotency: { ...caller.idempotency, bodyHash } };
}
