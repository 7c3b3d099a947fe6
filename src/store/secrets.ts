import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import { type Database, toStatement } from "./database.ts";
import { MasterKeyError } from "./master-key.ts";
import { prepared } from "./prepared.ts";

/** Where a sealed text stands. Sealed text that is copied to another place does not open there. */
export interface SecretPlace {
  /** The id of the record. */
  record: string;
  /** The column, or the path within a JSON column. */
  field: string;
}

/**
 * Secrets at rest: AES-256-GCM under a data key for each organization, which is stored wrapped by the master key.
 * Organization, record and field are authenticated along with the text, so a row cannot lend its secret to another.
 *
 * A sealed text is `s1.` and the base64url of nonce (12 bytes), ciphertext and tag (16 bytes).
 */
export class Secrets {
  readonly #masterKey: Uint8Array;
  readonly #database: Database;
  readonly #wrappedKeyOf;
  /** Unwrapped data keys, the most recently used last. */
  readonly #keys = new Map<Id, Buffer>();
  readonly #maxKeys: number;

  /** @param options.masterKey 32 bytes, see `loadMasterKey` */
  constructor(options: { masterKey: Uint8Array; database: Database; maxCachedKeys?: number }) {
    if (options.masterKey.length !== keyBytes) {
      throw new MasterKeyError(`The master key must have ${keyBytes} bytes, came ${options.masterKey.length}.`);
    }
    this.#masterKey = options.masterKey;
    this.#database = options.database;
    this.#maxKeys = options.maxCachedKeys ?? 1000;
    this.#wrappedKeyOf = prepared<{ id: Id }>((p) =>
      options.database.builder.selectFrom("organization").select("wrapped_key").where("id", "=", p.id),
    );
  }

  /** A new data key for an organization, wrapped, to be stored in its row. */
  createWrappedKey(organizationId: Id): string {
    return encrypt(this.#masterKey, randomBytes(keyBytes), wrappingData(organizationId));
  }

  /** Seals a text for an organization that is stored. */
  async seal(organizationId: Id, text: string, place: SecretPlace): Promise<string> {
    return encrypt(await this.#keyOf(organizationId), Buffer.from(text, "utf8"), placeData(organizationId, place));
  }

  /** Seals a text for an organization whose row is not stored yet, with the wrapped key that it will have. */
  sealWith(wrappedKey: string, organizationId: Id, text: string, place: SecretPlace): string {
    const key = this.#unwrap(organizationId, wrappedKey);
    return encrypt(key, Buffer.from(text, "utf8"), placeData(organizationId, place));
  }

  /** @throws `internal_error` when the text was changed, or sealed for another place or organization */
  async open(organizationId: Id, sealed: string, place: SecretPlace): Promise<string> {
    const key = await this.#keyOf(organizationId);
    try {
      return decrypt(key, sealed, placeData(organizationId, place)).toString("utf8");
    } catch (cause) {
      throw new RunyardError("internal_error", `The secret ${place.field} of ${place.record} cannot be opened.`, {
        cause,
        retryable: false,
      });
    }
  }

  /**
   * Fails the start when the master key is not the one that this database was written with.
   * @throws MasterKeyError
   */
  async verifyMasterKey(): Promise<void> {
    const first = this.#database.builder
      .selectFrom("organization")
      .select(["id", "wrapped_key"])
      .orderBy("id")
      .limit(1);
    const [row] = await this.#database.read(toStatement(first));
    if (row !== undefined) this.#unwrap(String(row["id"]), String(row["wrapped_key"]));
  }

  async #keyOf(organizationId: Id): Promise<Buffer> {
    let key = this.#keys.get(organizationId);
    if (key === undefined) {
      const [row] = await this.#database.read(this.#wrappedKeyOf({ id: organizationId }));
      const wrapped = row?.["wrapped_key"];
      if (typeof wrapped !== "string") throw new RunyardError("organization_not_found", "No such organization.");
      key = this.#unwrap(organizationId, wrapped);
    } else {
      this.#keys.delete(organizationId);
    }
    this.#keys.set(organizationId, key);
    if (this.#keys.size > this.#maxKeys) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    return key;
  }

  #unwrap(organizationId: Id, wrapped: string): Buffer {
    try {
      return decrypt(this.#masterKey, wrapped, wrappingData(organizationId));
    } catch (cause) {
      throw new MasterKeyError(
        "The master key does not open the secrets of this database: it was written with another one. Set " +
          "RUNYARD_MASTER_KEY to that key, or put its file master.key back into the data directory.",
        { cause },
      );
    }
  }
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = "s1.";

function wrappingData(organizationId: Id): Buffer {
  return Buffer.from(JSON.stringify(["data-key", organizationId]));
}

function placeData(organizationId: Id, place: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify(["secret", organizationId, place.record, place.field]));
}

function encrypt(key: Uint8Array, plain: Uint8Array, data: Uint8Array): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(data);
  const parts = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  return version + Buffer.concat(parts).toString("base64url");
}

/** @throws when the tag does not fit */
function decrypt(key: Uint8Array, sealed: string, data: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.slice(version.length), "base64url");
  if (!sealed.startsWith(version) || bytes.length < nonceBytes + tagBytes) throw new Error("no sealed text");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(data).setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}
