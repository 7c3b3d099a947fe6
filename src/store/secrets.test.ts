import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../contract/ids.ts";
import { type Database, toStatement } from "./database.ts";
import { SqliteDatabase } from "./dialects/sqlite/sqlite-database.ts";
import { loadMasterKey, MasterKeyError } from "./master-key.ts";
import { Secrets } from "./secrets.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-secrets-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the master key", () => {
  test("comes from the setting in hex, base64 or base64url, and the three are the same key", async () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
    for (const text of [key.toString("hex"), key.toString("base64"), `${key.toString("base64url")}\n`]) {
      expect(Buffer.from(await loadMasterKey({ text, dataDir: folder }))).toEqual(key);
    }
    for (const text of ["", "short", "g".repeat(64), key.toString("hex").slice(1)]) {
      await expect(loadMasterKey({ text, dataDir: folder })).rejects.toThrow(MasterKeyError);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test("is made once, for its owner only, by however many that start at once", async () => {
    for (let round = 0; round < 10; round += 1) {
      const dataDir = join(folder, `fresh-${round}`);
      const keys = await Promise.all(Array.from({ length: 16 }, (_, turns) => loadAfter(turns * 4, dataDir)));
      expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
      expect(keys[0]).toHaveLength(32);
      expect(await readdir(dataDir)).toEqual(["master.key"]);
      expect((await stat(join(dataDir, "master.key"))).mode & 0o777).toBe(0o600);
      expect(await loadMasterKey({ dataDir })).toEqual(keys[0]);
    }
  });

  test("a damaged file is refused, not replaced", async () => {
    const dataDir = join(folder, "damaged");
    await loadMasterKey({ dataDir });
    await writeFile(join(dataDir, "master.key"), "half");
    await expect(loadMasterKey({ dataDir })).rejects.toThrow(/master\.key must hold 32 bytes/);
    expect(await readFile(join(dataDir, "master.key"), "utf8")).toBe("half");
  });
});

/** Begins some turns of the event loop later, so that one process is at each stage of the making. */
async function loadAfter(turns: number, dataDir: string): Promise<Uint8Array> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return loadMasterKey({ dataDir });
}

describe("secrets", () => {
  const masterKey = new Uint8Array(32).fill(1);
  let database: Database;
  let secrets: Secrets;
  const [one, other] = [newId(), newId()];
  const place = { record: "webhook-1", field: "secret" };

  beforeAll(async () => {
    database = new SqliteDatabase({ path: join(folder, "secrets.db") });
    await database.migrate();
    secrets = new Secrets({ masterKey, database });
    for (const id of [one, other]) await addOrganization(id, secrets.createWrappedKey(id));
  });
  afterAll(() => database[Symbol.asyncDispose]());

  async function addOrganization(id: string, wrappedKey: string): Promise<void> {
    const row = { id, name: "T", plan: "enterprise", environment: "live", live_id: id, created_at: 0 };
    await database.write([
      toStatement(
        database.builder
          .insertInto("organization")
          .values({ ...row, credit_limit_nano_usd: null, wrapped_key: wrappedKey }),
      ),
    ]);
  }

  test("open where they were sealed, in any process with the master key", async () => {
    for (const text of ["", "whsec_1", "ü€😀".repeat(1000)]) {
      const sealed = await secrets.seal(one, text, place);
      expect(sealed).not.toContain("whsec");
      expect(await secrets.open(one, sealed, place)).toBe(text);
      expect(await new Secrets({ masterKey, database }).open(one, sealed, place)).toBe(text);
    }
    expect(await secrets.seal(one, "same", place)).not.toBe(await secrets.seal(one, "same", place));
  });

  test("do not open at another record, field or organization, nor changed", async () => {
    const sealed = await secrets.seal(one, "text", place);
    const changed = `${sealed.slice(0, 20)}${sealed[20] === "A" ? "B" : "A"}${sealed.slice(21)}`;
    const tries = [
      secrets.open(one, sealed, { ...place, record: "webhook-2" }),
      secrets.open(one, sealed, { ...place, field: "url" }),
      secrets.open(one, sealed, { record: "webhook-1,secret", field: "" }),
      secrets.open(other, sealed, place),
      secrets.open(one, changed, place),
      secrets.open(one, sealed.slice(0, -4), place),
      secrets.open(one, "text", place),
      secrets.open(one, "", place),
    ];
    for (const attempt of tries) await expect(attempt).rejects.toThrow(/cannot be opened/);
  });

  test("can be sealed before the organization is stored", async () => {
    const id = newId();
    const wrapped = secrets.createWrappedKey(id);
    const sealed = secrets.sealWith(wrapped, id, "early", place);
    await expect(secrets.open(id, sealed, place)).rejects.toThrow(
      expect.objectContaining({ code: "organization_not_found" }),
    );
    await addOrganization(id, wrapped);
    expect(await secrets.open(id, sealed, place)).toBe("early");
  });

  test("one organization's data key does not serve another", async () => {
    const thief = newId();
    const [row] = await database.read({
      sql: `select wrapped_key from organization where id = '${one}'`,
      params: [],
      returnsRows: true,
    });
    await addOrganization(thief, String(row?.["wrapped_key"]));
    await expect(secrets.seal(thief, "x", place)).rejects.toThrow(MasterKeyError);
  });

  test("keys leave the cache and are read again", async () => {
    const small = new Secrets({ masterKey, database, maxCachedKeys: 1 });
    const sealed = await small.seal(one, "kept", place);
    await small.seal(other, "x", place);
    expect(await small.open(one, sealed, place)).toBe("kept");
  });

  test("another master key ends the start with words for the operator", async () => {
    await expect(secrets.verifyMasterKey()).resolves.toBeUndefined();
    const wrong = new Secrets({ masterKey: new Uint8Array(32).fill(2), database });
    await expect(wrong.verifyMasterKey()).rejects.toThrow(/RUNYARD_MASTER_KEY/);
    expect(() => new Secrets({ masterKey: new Uint8Array(31), database })).toThrow(MasterKeyError);
  });
});
