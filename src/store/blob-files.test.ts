import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BlobFiles, type BlobRecord, type StoredBlob } from "./blob-files.ts";

let directory: string;
let blobs: BlobFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-blobs-"));
  blobs = await BlobFiles.open(directory);
});
afterEach(() => rm(directory, { recursive: true }));

const given: BlobRecord<StoredBlob> = { note: async () => undefined, refer: async (blob) => blob };
const put = (text: string, options: { maxBytes?: number; signal?: AbortSignal } = {}, record = given) =>
  blobs.put(Readable.from([Buffer.from(text)]), { maxBytes: 100, ...options }, record);
const read = async (sha256: string) => (await buffer(await blobs.open(sha256))).toString();
const filesIn = async () =>
  (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
const always = { unreferenced: async () => true, forget: async () => undefined };

// echo -n abc | sha256sum
const sha256OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("bytes are found by their hash, and stored once", async () => {
  expect(await put("abc")).toEqual({ sha256: sha256OfAbc, sizeBytes: 3 });
  await Promise.all([put("abc"), put("abc"), put("abc")]);
  const files = await filesIn();
  expect(files.map(({ parentPath, name }) => join(parentPath, name))).toEqual([
    join(directory, "ba", sha256OfAbc.slice(2)),
  ]);
  expect(await read(sha256OfAbc)).toBe("abc");
});

test("content of several pieces and of none is whole", async () => {
  const pieces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(1000, index));
  const { sha256, sizeBytes } = await blobs.put(Readable.from(pieces), { maxBytes: 50_000 }, given);
  expect(sizeBytes).toBe(50_000);
  expect(await buffer(await blobs.open(sha256))).toEqual(Buffer.concat(pieces));
  expect((await put("")).sizeBytes).toBe(0);
});

test("nothing stays of content that is too large, breaks off, or is stopped", async () => {
  await expect(put("abcd", { maxBytes: 3 })).rejects.toThrow(expect.objectContaining({ code: "body_too_large" }));
  await expect(blobs.put(Readable.from(breaksOff()), { maxBytes: 9 }, given)).rejects.toThrow("broken off");
  const abort = new AbortController();
  const endless = new Readable({ read: () => undefined });
  const stopped = blobs.put(endless, { maxBytes: 9, signal: abort.signal }, given);
  endless.push("a");
  abort.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  await expect(put("abc", { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  expect(await filesIn()).toEqual([]);
});

test("the note comes before the bytes, the reference after", async () => {
  const seen: string[] = [];
  const look = async (name: string) => {
    const places = (await filesIn()).map(({ parentPath }) => (parentPath.endsWith("drafts") ? "draft" : "placed"));
    seen.push(`${name}: ${places.join()}`);
  };
  await put("abc", {}, { note: () => look("note"), refer: async (blob) => (await look("refer"), blob) });
  expect(seen).toEqual(["note: draft", "refer: placed"]);
});

test("a removal waits for an upload of the same bytes, and then asks", async () => {
  let references = 0;
  const released = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const upload = put(
    "abc",
    {},
    {
      note: async () => undefined,
      async refer(blob) {
        reached.resolve();
        await released.promise;
        references += 1;
        return blob;
      },
    },
  );
  await reached.promise;
  const removal = blobs.remove(sha256OfAbc, {
    unreferenced: async () => references === 0,
    forget: async () => undefined,
  });
  released.resolve();
  await upload;
  expect(await removal).toBe(false);
  expect(await read(sha256OfAbc)).toBe("abc");
  expect(await blobs.remove(sha256OfAbc, always)).toBe(true);
  await expect(blobs.open(sha256OfAbc)).rejects.toThrow(/not in the data directory/);
});

test("a reader is not cut off by a removal, and removing twice is no error", async () => {
  await put("abc");
  const content = await blobs.open(sha256OfAbc);
  await blobs.remove(sha256OfAbc, always);
  expect((await buffer(content)).toString()).toBe("abc");
  expect(await blobs.remove(sha256OfAbc, always)).toBe(true);
});

test("what a dead process left of uploads goes at the start, whole bytes stay", async () => {
  await put("abc");
  await writeFile(join(directory, "drafts", "half"), "a");
  blobs = await BlobFiles.open(directory);
  expect(await filesIn()).toHaveLength(1);
  expect(await read(sha256OfAbc)).toBe("abc");
});

test("no path is made from anything but a hash", async () => {
  await expect(blobs.open("../../etc/passwd")).rejects.toThrow();
  await expect(blobs.remove(`../${"a".repeat(61)}`, always)).rejects.toThrow(/SHA-256/);
});

async function* breaksOff() {
  yield Buffer.from("a");
  throw new Error("broken off");
}
