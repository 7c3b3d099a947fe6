import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deleteFile } from "../../src/operations/delete-file.ts";
import { getFile } from "../../src/operations/get-file.ts";
import { listFiles } from "../../src/operations/list-files.ts";
import { openFile } from "../../src/operations/open-file.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, newestFirst, startTestOperations, type TestOperations, storeFile } from "./test-operations.ts";

describe.each(databaseKinds)("files on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  const upload = (text: string, caller = operations.first) =>
    storeFile(operations.parts, caller, { name: "note.txt", type: "text/plain", content: Readable.from([text]) });
  const storedFiles = async () =>
    (await readdir(operations.blobFolder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

  test("a file comes back byte for byte", async () => {
    const { parts, first } = operations;
    const file = await upload("Hello, file");
    expect(file).toMatchObject({
      name: "note.txt",
      type: "text/plain",
      sizeBytes: 11,
      sha256: createHash("sha256").update("Hello, file").digest("hex"),
    });
    expect(await getFile(parts, first, file.id)).toEqual(file);
    expect((await listFiles(parts, first, newestFirst)).items).toEqual([file]);
    const { content } = await openFile(parts, first, file.id);
    expect((await buffer(content)).toString()).toBe("Hello, file");
    await deleteFile(parts, first, file.id);
    await expect(openFile(parts, first, file.id)).rejects.toThrow(failure("file_not_found"));
    await expect(deleteFile(parts, first, file.id)).rejects.toThrow(failure("file_not_found"));
    expect(await storedFiles()).toEqual([]);
  });

  test("the same bytes are stored once and stay until the last file is deleted", async () => {
    const { parts, first } = operations;
    const stranger = await operations.stranger();
    const [mine, theirs] = [await upload("shared"), await upload("shared", stranger)];
    expect(await storedFiles()).toHaveLength(1);
    expect(await operations.count("blob")).toBe(1);
    await deleteFile(parts, first, mine.id);
    expect((await buffer((await openFile(parts, stranger, theirs.id)).content)).toString()).toBe("shared");
    await deleteFile(parts, stranger, theirs.id);
    expect(await storedFiles()).toEqual([]);
    expect(await operations.count("blob")).toBe(0);
  });

  test("deleting and uploading the same bytes at the same time never leaves a file without bytes", async () => {
    const { parts, first } = operations;
    for (let round = 0; round < 20; round += 1) {
      const old = await upload("raced");
      const [fresh] = await Promise.all([upload("raced"), deleteFile(parts, first, old.id)]);
      expect((await buffer((await openFile(parts, first, fresh.id)).content)).toString()).toBe("raced");
      await deleteFile(parts, first, fresh.id);
    }
    expect(await storedFiles()).toEqual([]);
  });

  test("nothing is kept of an upload that breaks off or is too large", async () => {
    const { parts, first } = operations;
    const file = { name: "x", type: "text/plain" };
    await expect(storeFile(parts, first, { ...file, content: Readable.from(breaksOff()) })).rejects.toThrow(
      "the client went away",
    );
    await expect(upload("x".repeat(1001))).rejects.toThrow(failure("body_too_large"));
    expect(await storedFiles()).toEqual([]);
    expect(await operations.count("file")).toBe(0);
  });

  test("another organization's file answers like none", async () => {
    const { parts, first } = operations;
    const file = await upload("private");
    const stranger = await operations.stranger();
    for (const call of [getFile, openFile, deleteFile]) {
      await expect(call(parts, stranger, file.id)).rejects.toThrow(failure("file_not_found"));
    }
    expect((await listFiles(parts, stranger, newestFirst)).items).toEqual([]);
    await expect(getFile(parts, first, file.id)).resolves.toEqual(file);
  });
});

async function* breaksOff() {
  yield Buffer.from("half");
  throw new Error("the client went away");
}
