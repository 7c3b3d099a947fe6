import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CodeDefinition } from "../../src/contract/agent.ts";
import { newId } from "../../src/contract/ids.ts";
import { cleanUpArtifacts } from "../../src/operations/clean-up-artifacts.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { toStatement } from "../../src/store/database.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, startTestOperations, type TestOperations, storeFile } from "./test-operations.ts";

const hourMs = 3_600_000;

describe.each(databaseKinds)("the clean-up of artefacts on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  async function agentWithBundle(text: string): Promise<string> {
    const { parts, first } = operations;
    const upload = { name: "bundle.tar.gz", type: "application/gzip", content: Readable.from([text]) };
    const { id, sha256, sizeBytes } = await storeFile(parts, first, upload);
    const definition: CodeDefinition = {
      runtime: "code",
      name: "Bundled",
      description: "",
      bundle: { sha256, sizeBytes, contentSha256: sha256 },
      adapter: "python",
      lifecycle: "serverless",
      timeoutMs: 1000,
      memoryBytes: 1_000_000,
      environmentNames: [],
      onCrash: "fail",
      metadata: {},
    };
    await createAgent(parts, first, definition);
    // The file may go: the version holds the bytes.
    await parts.database.write([toStatement(parts.database.builder.deleteFrom("file").where("id", "=", id))]);
    return sha256;
  }

  async function addUpload(sha256: string | null, expiresAt: number): Promise<void> {
    const { builder } = operations.parts.database;
    const row = builder.insertInto("bundle_upload").values({
      id: newId(),
      organization_id: operations.organization.id,
      token_hash: newId(),
      name: "a",
      version: "1.0.0",
      sha256,
      size_bytes: 1,
      expires_at: expiresAt,
      created_at: operations.time,
    });
    await operations.parts.database.write([toStatement(row)]);
  }

  async function uploadedBytes(text: string): Promise<string> {
    const upload = { name: "x", type: "application/gzip", content: Readable.from([text]) };
    const { id, sha256 } = await storeFile(operations.parts, operations.first, upload);
    const { builder } = operations.parts.database;
    await operations.parts.database.write([toStatement(builder.deleteFrom("file").where("id", "=", id))]);
    return sha256;
  }

  test("expired uploads go with their bytes; what a version or a fresh upload needs stays", async () => {
    const { parts, first } = operations;
    const bundled = await agentWithBundle("kept by a version");
    const fresh = await uploadedBytes("kept by an upload");
    const lapsed = await uploadedBytes("kept by nobody");
    await addUpload(fresh, operations.time + 10 * hourMs);
    await addUpload(lapsed, operations.time + hourMs);
    await addUpload(null, operations.time + hourMs);
    operations.time += 26 * hourMs;
    const removed: string[] = [];
    const removeOldLayers = () => {
      removed.push("layers");
      return Promise.resolve(3);
    };
    expect(await cleanUpArtifacts({ ...parts, removeOldLayers }, first)).toEqual({ uploads: 2, blobs: 1, layers: 3 });
    expect(removed).toEqual(["layers"]);
    expect(await cleanUpArtifacts(parts, first)).toEqual({ uploads: 0, blobs: 0, layers: 0 });
    for (const kept of [bundled, fresh]) (await parts.blobFiles.open(kept)).destroy();
    await expect(parts.blobFiles.open(lapsed)).rejects.toThrow(failure("internal_error"));
  });

  test("more bundles than are looked at in one go do not hold it up", async () => {
    const { parts, first } = operations;
    for (let count = 0; count < 101; count += 1) await agentWithBundle(`bundle ${count}`);
    const lapsed = await uploadedBytes("beside many");
    operations.time += 2 * hourMs;
    expect(await cleanUpArtifacts(parts, first)).toEqual({ uploads: 0, blobs: 1, layers: 0 });
    await expect(parts.blobFiles.open(lapsed)).rejects.toThrow(failure("internal_error"));
  });

  test("it is for whoever runs the installation", async () => {
    const stranger = await operations.stranger();
    await expect(cleanUpArtifacts(operations.parts, stranger)).rejects.toThrow(failure("insufficient_scope"));
  });
});
