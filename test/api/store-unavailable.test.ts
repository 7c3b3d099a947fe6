import { expect, it } from "vitest";
import { startTestServer } from "../../src/http/__fixtures__/server.ts";
import { testOperations } from "../../src/http/__fixtures__/operations.ts";
import { createCharmSurface } from "../../src/http/dialects/charm/charm.ts";
import { createCharmStoreSurface } from "../../src/http/dialects/charm/store.ts";
import { createNativeSurface } from "../../src/http/dialects/native/native.ts";
import { StoreUnavailable } from "../../src/store/statement.ts";

const detail = "connection to 10.1.2.3 was lost";

async function fail(): Promise<never> {
  throw new StoreUnavailable(detail);
}

it.each([
  [
    "the native API",
    "/v1/agents",
    { error: { type: "overloaded_error", code: "overloaded", message: expect.any(String) } },
  ],
  ["Charm", "/charm/v1/agents", { detail: expect.any(String) }],
  ["Charm's Store API", "/charm/api/v1/agents/logs", { error: expect.any(String), detail: expect.any(String) }],
])("a database that cannot be used is 503 in the shape of %s", async (_name, path, shape) => {
  const faults: unknown[] = [];
  const operations = testOperations({ authenticate: fail });
  await using server = await startTestServer(
    {},
    {
      surfaces: (parts) => [
        createNativeSurface({ operations }, parts),
        createCharmStoreSurface({ operations }, parts),
        createCharmSurface({ operations }, parts),
      ],
      onFault: (error) => faults.push(error),
    },
  );
  const response = await server.call(path);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject(shape);
  expect(text).toContain("the server's log");
  expect(text).not.toContain(detail);
  expect(String(faults[0])).toContain(detail);
});

it("so is a disk that takes no file", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write '/secret/place'"), { code: "ENOSPC" });
  await using server = await startTestServer({ createFile: () => Promise.reject(full) });
  const form = new FormData();
  form.append("file", new Blob(["x"]), "x.txt");
  const response = await server.call("/v1/files", { method: "POST", body: form });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.text()).not.toContain("secret");
});
