import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import type { StoredBlob } from "../store/blob-files.ts";
import type { BundleUpload, Caller, OpenedUpload } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

const openMs = 15 * 60 * 1000;
/** How long after its closing an upload that nobody registered is kept. */
const keptMs = 24 * 60 * 60 * 1000;
export const maxBundleBytes = 50 * 1024 * 1024;

/** Opens a place for the bytes of a bundle: whoever has the token may put them there once, within 15 minutes. */
export async function openUpload(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  wanted: { name: string; version: string },
): Promise<OpenedUpload> {
  requireScope(caller, "agents:write");
  const id = newId();
  const token = randomBytes(32).toString("base64url");
  const createdAt = now();
  const expiresAt = createdAt + openMs;
  await database.write([
    toStatement(
      database.builder.insertInto("bundle_upload").values({
        id,
        organization_id: caller.organization.id,
        token_hash: hashOf(token),
        name: wanted.name,
        version: wanted.version,
        sha256: null,
        size_bytes: null,
        expires_at: expiresAt,
        created_at: createdAt,
      }),
    ),
  ]);
  return { id, token, expiresAt };
}

/**
 * Stores the bytes of an upload. The token is all the authority there is. Nothing is kept when the bytes break off, are
 * too many or no gzip stream, and the upload stays open then.
 *
 * @throws `upload_not_found` for a token that is unknown, used or expired; `bundle_invalid`, `body_too_large`
 */
export async function receiveUpload(
  { database, blobFiles, now }: Pick<OperationParts, "database" | "blobFiles" | "now">,
  token: string,
  content: Readable,
): Promise<void> {
  const { builder } = database;
  const [row] = await database.read(
    toStatement(
      builder
        .selectFrom("bundle_upload")
        .select("id")
        .where("token_hash", "=", hashOf(token))
        .where("sha256", "is", null)
        .where("expires_at", ">", now()),
    ),
  );
  if (row === undefined) throw uploadNotFound();
  const id = row["id"] as Id;
  const checked = Readable.from(gzipOnly(content), { objectMode: false });
  await blobFiles.put(
    checked,
    { maxBytes: maxBundleBytes },
    {
      note: async (blob) => void (await database.write([noteBlob({ database, now }, blob)])),
      refer: async ({ sha256, sizeBytes }) => {
        const filled = builder
          .updateTable("bundle_upload")
          .set({ sha256, size_bytes: sizeBytes })
          .where("id", "=", id)
          .where("sha256", "is", null)
          .returning("id");
        try {
          await database.write([toStatement(filled, { expectsRow: true })]);
        } catch (error) {
          if (error instanceof UnitRejected) throw uploadNotFound(); // another one came first
          throw error;
        }
      },
    },
  );
}

/** The bytes that have come to an upload. @throws `upload_not_found` */
export async function getUpload(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  uploadId: string,
): Promise<BundleUpload> {
  requireScope(caller, "agents:write");
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("bundle_upload")
        .select(["sha256", "size_bytes"])
        .where("id", "=", uploadId)
        .where("organization_id", "=", caller.organization.id)
        .where("sha256", "is not", null),
    ),
  );
  if (row === undefined) {
    throw new RunyardError(
      "upload_not_found",
      "There is no such upload, or its bytes have not come. Upload them first.",
    );
  }
  return { sha256: row["sha256"] as string, sizeBytes: row["size_bytes"] as number };
}

/** Removes uploads that have had their time; what was registered keeps its bytes by the version. @returns how many */
export async function sweepUploads({ database, now }: Pick<OperationParts, "database" | "now">): Promise<number> {
  const [removed] = await database.write([
    toStatement(
      database.builder
        .deleteFrom("bundle_upload")
        .where("expires_at", "<", now() - keptMs)
        .returning("id"),
    ),
  ]);
  return removed?.length ?? 0;
}

function noteBlob(
  { database, now }: Pick<OperationParts, "database" | "now">,
  { sha256, sizeBytes }: StoredBlob,
): Statement {
  const createdAt = now();
  return toStatement(
    database.builder
      .insertInto("blob")
      .values({ sha256, size_bytes: sizeBytes, created_at: createdAt })
      // The time of the newest upload, so that a sweep lets it come to its end.
      .onConflict((conflict) => conflict.column("sha256").doUpdateSet({ created_at: createdAt })),
  );
}

/**
 * Hands bytes on that begin like a gzip stream. Breaking off leaves the rest unread and its connection open, for an
 * answer to go back on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1
 */
async function* gzipOnly(content: Readable): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of content.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk);
    if (head === undefined) {
      yield bytes;
      continue;
    }
    head = Buffer.concat([head, bytes]);
    if (head.length < gzipStart.length) continue;
    if (!head.subarray(0, gzipStart.length).equals(gzipStart)) throw noGzip();
    yield head;
    head = undefined;
  }
  if (head !== undefined) throw noGzip();
}

const gzipStart = Buffer.from([0x1f, 0x8b, 8]);

function noGzip(): RunyardError {
  return new RunyardError("bundle_invalid", "The bytes are no gzip stream; send a .tar.gz.");
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function uploadNotFound(): RunyardError {
  return new RunyardError(
    "upload_not_found",
    "There is no such upload, or it was used or has expired. Ask for another.",
  );
}
