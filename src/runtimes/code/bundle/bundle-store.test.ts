import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeBundle } from "../../../../test/support/make-bundle.ts";
import { BundleStore } from "./bundle-store.ts";

let directory: string;
let store: BundleStore;
let blobs: Map<string, Buffer>;
let opens: number;
let madeReadable: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-bundles-"));
  blobs = new Map();
  opens = 0;
  madeReadable = [];
  store = await BundleStore.open({
    directory,
    keep: 5,
    openBundle: async (sha256) => {
      opens += 1;
      return Readable.from([blobs.get(sha256)]);
    },
    sandbox: { makeReadable: async (path) => void madeReadable.push(path) },
  });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function put(files: Record<string, string>): Promise<string> {
  const bytes = await makeBundle(files);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  blobs.set(sha256, bytes);
  return sha256;
}

test("a bundle is unpacked once and opened to programs before anyone has it", async () => {
  const sha256 = await put({ "charm.yaml": "v", "src/main.py": "print()" });
  const leases = await Promise.all([store.take(sha256), store.take(sha256)]);
  leases.push(await store.take(sha256));
  expect(opens).toBe(1);
  expect(madeReadable).toHaveLength(1);
  for (const { path } of leases) {
    expect(path).toBe(join(directory, "bundles", sha256));
    expect(await readFile(join(path, "src/main.py"), "utf8")).toBe("print()");
  }
});

test("bytes that are not those of the hash are refused, and nothing stays", async () => {
  const sha256 = await put({ "charm.yaml": "v" });
  blobs.set(sha256, await makeBundle({ "charm.yaml": "another" }));
  await expect(store.take(sha256)).rejects.toMatchObject({ code: "bundle_invalid" });
  expect(await readdir(join(directory, "bundles"))).toEqual(["drafts"]);
  expect(await readdir(join(directory, "bundles/drafts"))).toEqual([]);
});
