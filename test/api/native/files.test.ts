import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSchema } from "../../../src/http/dialects/native/schemas/file.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, errorOf, type NativeApi } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

async function upload(
  api: NativeApi,
  content: Uint8Array<ArrayBuffer> | string,
  name = "notes.txt",
  type = "text/plain",
) {
  const form = new FormData();
  form.append("file", new Blob([content], { type }), name);
  return bodyOf(await api.post("/v1/files", form), 201, fileSchema);
}

describe("files", () => {
  it("come back byte for byte", async () => {
    const bytes = new Uint8Array(randomBytes(3_000_000));
    const file = await upload(native.api, bytes, "grüße (1).bin", "application/x-thing");
    expect(file).toMatchObject({
      id: expect.stringMatching(/^file_/),
      name: "grüße (1).bin",
      type: "application/x-thing",
      size: 3_000_000,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
    expect((await native.api.get(`/v1/files/${file.id}`)).body).toEqual(file);
    const response = await native.api.open("GET", `/v1/files/${file.id}/content`);
    expect(response.headers.get("content-type")).toBe("application/x-thing");
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it("may be empty, and of the same content as another", async () => {
    expect((await upload(native.api, "")).size).toBe(0);
    const [one, two] = [await upload(native.api, "same"), await upload(native.api, "same")];
    expect(one.id).not.toBe(two.id);
    await native.api.delete(`/v1/files/${one.id}`);
    expect(await (await native.api.open("GET", `/v1/files/${two.id}/content`)).text()).toBe("same");
  });

  it("are listed and deleted", async () => {
    const { id } = await upload(native.api, "a");
    const { data } = bodyOf(await native.api.get("/v1/files?limit=100"), 200, pageSchema(fileSchema));
    expect(data.map((file) => file.id)).toContain(id);
    expect((await native.api.delete(`/v1/files/${id}`)).body).toEqual({ id, deleted: true });
    expect(errorOf(await native.api.get(`/v1/files/${id}`), 404).code).toBe("file_not_found");
    expect(errorOf(await native.api.get(`/v1/files/${id}/content`), 404).code).toBe("file_not_found");
  });

  it("are stored once under an idempotency key, which another content, name or type may not use", async () => {
    const key = { "idempotency-key": "upload-1" };
    const send = (content: string, name = "a.txt", type = "text/plain") => {
      const form = new FormData();
      form.append("file", new Blob([content], { type }), name);
      return native.api.post("/v1/files", form, key);
    };
    const first = await send("same");
    const file = bodyOf(first, 201, fileSchema);
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    const second = await send("same");
    expect(bodyOf(second, 201, fileSchema)).toEqual(file);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    for (const other of [await send("other"), await send("same", "b.txt"), await send("same", "a.txt", "text/html")]) {
      expect(errorOf(other, 422).code).toBe("idempotency_mismatch");
    }
    const { data } = bodyOf(await native.api.get("/v1/files?limit=100"), 200, pageSchema(fileSchema));
    expect(data.filter(({ name }) => name === "a.txt" || name === "b.txt")).toEqual([file]);
  });

  it("are refused without the part, and as JSON", async () => {
    expect(errorOf(await native.api.post("/v1/files", new FormData()), 400).type).toBe("invalid_request_error");
    expect(errorOf(await native.api.post("/v1/files", { file: "x" }), 415).code).toBe("unsupported_media_type");
  });

  it("are not another organization's", async () => {
    const { id } = await upload(native.api, "mine");
    const stranger = await native.stranger();
    for (const answer of [
      await stranger.get(`/v1/files/${id}`),
      await stranger.get(`/v1/files/${id}/content`),
      await stranger.delete(`/v1/files/${id}`),
    ]) {
      expect(errorOf(answer, 404).code).toBe("file_not_found");
    }
    expect((await stranger.get("/v1/files")).body).toEqual({ data: [], hasMore: false });
  });
});
