import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Readable } from "node:stream";
import { RunyardError } from "../contract/errors.ts";
import type { StoredFile } from "../contract/file.ts";
import type { Id } from "../contract/ids.ts";
import { requireFile } from "./file-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

const linkMs = 7 * 24 * 60 * 60 * 1000;
const signatureBytes = 32;
const organizationBytes = 16;
const timeBytes = 6;
const ticketBytes = organizationBytes + timeBytes + signatureBytes;

/** Signs links to files: whoever has one may read that file of that organization until it expires, and nothing else. */
export class FileLinks {
  readonly #key: Uint8Array;

  /** @param masterKey a key of its own is derived from it */
  constructor(masterKey: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync("sha256", masterKey, "", "runyard file links", 32));
  }

  /** @param expiresAt epoch milliseconds. @returns base64url of organization, time and signature */
  sign(organizationId: Id, fileId: Id, expiresAt: number): string {
    const facts = Buffer.alloc(organizationBytes + timeBytes);
    facts.write(organizationId.replaceAll("-", ""), 0, "hex");
    facts.writeUIntBE(expiresAt, organizationBytes, timeBytes);
    return Buffer.concat([facts, this.#signatureOf(facts, fileId)]).toString("base64url");
  }

  /** @returns whose file it is; undefined unless the ticket was signed for this file and has not expired */
  verify(fileId: Id, ticket: string, now: number): Id | undefined {
    const bytes = Buffer.from(ticket, "base64url");
    if (bytes.length !== ticketBytes) return undefined;
    const facts = bytes.subarray(0, organizationBytes + timeBytes);
    if (!timingSafeEqual(bytes.subarray(facts.length), this.#signatureOf(facts, fileId))) return undefined;
    if (facts.readUIntBE(organizationBytes, timeBytes) <= now) return undefined;
    return facts.toString("hex", 0, organizationBytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  #signatureOf(facts: Uint8Array, fileId: Id): Buffer {
    return createHmac("sha256", this.#key).update(facts).update(fileId).digest();
  }
}

/** A ticket by which anybody may read the file for a week. It is not looked whether the file is there. */
export function linkFile(
  { fileLinks, now }: Pick<OperationParts, "fileLinks" | "now">,
  caller: Caller,
  fileId: Id,
): string {
  requireScope(caller, "agents:read", "agents:execute");
  return fileLinks.sign(caller.organization.id, fileId, now() + linkMs);
}

/** Without a caller: the ticket is the authority. @throws `file_not_found`, also for a ticket that is not good */
export async function openLinkedFile(
  { database, blobFiles, fileLinks, now }: Pick<OperationParts, "database" | "blobFiles" | "fileLinks" | "now">,
  fileId: Id,
  ticket: string,
): Promise<{ file: StoredFile; content: Readable }> {
  const organizationId = fileLinks.verify(fileId, ticket, now());
  if (organizationId === undefined) {
    throw new RunyardError("file_not_found", "There is no such file, or the link to it has expired.");
  }
  const file = await requireFile(database, organizationId, fileId);
  return { file, content: await blobFiles.open(file.sha256) };
}
