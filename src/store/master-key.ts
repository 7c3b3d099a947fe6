import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** The master key is missing, unreadable or not the one that the database was written with. Ends the start. */
export class MasterKeyError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "MasterKeyError";
  }
}

/**
 * The key that wraps the data keys of all organizations: from the setting when there is one, else from the file
 * `master.key` in the data directory, which is made at the first start and readable by its owner only. Two processes that
 * start at once get the same one.
 *
 * @param options.text 32 bytes as 64 hex digits, or as base64 or base64url
 * @throws MasterKeyError
 */
export async function loadMasterKey(options: { text?: string; dataDir: string }): Promise<Uint8Array> {
  if (options.text !== undefined) return readKey(options.text, "RUNYARD_MASTER_KEY");
  const path = join(options.dataDir, "master.key");
  const known = await readIfThere(path);
  if (known !== undefined) return readKey(known, path);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  await placeNewKey(options.dataDir, path);
  return readKey((await readIfThere(path)) ?? "", path);
}

function readKey(text: string, source: string): Uint8Array {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, "hex");
  // Node reads both alphabets of base64 alike.
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, "base64");
  throw new MasterKeyError(`${source} must hold 32 bytes as base64 or hex, as from "openssl rand -base64 32".`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, "utf8");
    await chmod(path, 0o600);
    return text;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new MasterKeyError(`The master key ${path} cannot be read.`, { cause: error });
  }
}

/** Written whole beside its place and linked into it, so that nobody ever reads half a key and the first one wins. */
async function placeNewKey(dataDir: string, path: string): Promise<void> {
  const draft = join(dataDir, `.master.key.${randomUUID()}`);
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString("base64")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    const directory = await open(dataDir, "r");
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    const lost = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!lost) throw new MasterKeyError(`The master key ${path} cannot be written.`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}
