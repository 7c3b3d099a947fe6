import { expect, it } from "vitest";
import { newId } from "../../../contract/ids.ts";
import type { Operations } from "../../../operations/operations.ts";
import { testOrganization } from "../../__fixtures__/operations.ts";
import { startTestServer } from "../../__fixtures__/server.ts";

/** Keeps nothing, but reads a file as the real operation does: to its end. */
const createFile: Operations["createFile"] = async (_caller, { name, type, content }) => {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return {
    id: newId(),
    organizationId: testOrganization.id,
    name,
    type,
    sizeBytes: Buffer.concat(chunks).length,
    sha256: "0".repeat(64),
    createdAt: 0,
  };
};

function form(name: string, content: Blob, filename: string): FormData {
  const data = new FormData();
  data.append("note", "before the file");
  data.append(name, content, filename);
  return data;
}

it("takes the one part named file", async () => {
  await using server = await startTestServer({ createFile });
  const body = form("file", new Blob(["hello"], { type: "text/plain" }), "grüße.txt");
  const response = await server.call("/v1/files", { method: "POST", body });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ name: "grüße.txt", type: "text/plain", size: 5 });
});

it("refuses a file over the limit with 413", async () => {
  await using server = await startTestServer({ createFile }, { native: { maxFileBytes: 1000 } });
  const body = form("file", new Blob(["a".repeat(1001)]), "a");
  const response = await server.call("/v1/files", { method: "POST", body });
  expect(response.status).toBe(413);
  const exact = form("file", new Blob(["a".repeat(1000)]), "a");
  expect((await server.call("/v1/files", { method: "POST", body: exact })).status).toBe(201);
});

it("refuses a form without the part", async () => {
  await using server = await startTestServer({ createFile });
  const other = await server.call("/v1/files", { method: "POST", body: form("other", new Blob(["a"]), "a") });
  expect(other.status).toBe(400);
  expect(await other.text()).toContain('"missing_required_field"');
  const empty = await server.call("/v1/files", { method: "POST", body: new FormData() });
  expect(empty.status).toBe(400);
});

it("refuses a form with more than one file, whatever the other is called", async () => {
  await using server = await startTestServer({ createFile });
  for (const name of ["file", "other"]) {
    const body = form("file", new Blob(["a"]), "a");
    body.append(name, new Blob(["b".repeat(200_000)]), "b");
    const response = await server.call("/v1/files", { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("takes one");
  }
});

it.each([
  [{ "content-type": "application/json" }, "{}", 415],
  [
    { "content-type": "multipart/form-data; boundary=x" },
    "--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nbroken",
    400,
  ],
  [{ "content-type": "multipart/form-data" }, "x", 400],
])("refuses what is no whole form (%#)", async (headers, body, status) => {
  await using server = await startTestServer({ createFile });
  const response = await server.call("/v1/files", { method: "POST", headers, body });
  expect(response.status).toBe(status);
});
