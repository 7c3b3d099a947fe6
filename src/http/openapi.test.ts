import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startTestServer } from "./__fixtures__/server.ts";

const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        summary: z.string(),
        tags: z.array(z.string()).min(1),
        responses: z.record(z.string(), z.object({ description: z.string() })),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

async function readDocument() {
  await using server = await startTestServer();
  const response = await fetch(`${server.url}/openapi.json`);
  expect(response.status).toBe(200);
  const text = await response.text();
  return { text, document: documentSchema.parse(JSON.parse(text)) };
}

describe("the OpenAPI document", () => {
  it("has every route of the surface, each under an id of its own", async () => {
    const { document } = await readDocument();
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ call: `${method} ${path}`, operationId })),
    );
    const calls = operations.map(({ call }) => call);
    for (const call of [
      "post /v1/agents/{id}/execute",
      "get /v1/executions/{id}/stream",
      "post /v1/files",
      "get /v1/usage",
      "delete /v1/memory-stores/{id}/entries/{entryId}",
      "patch /v1/organizations/{id}",
    ]) {
      expect(calls).toContain(call);
    }
    expect(calls).toHaveLength(51);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  it("refers to nothing that is not there, and holds nothing that is not referred to", async () => {
    const { text, document } = await readDocument();
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    const names = new Set(references.map((reference) => reference?.replace("#/components/schemas/", "")));
    expect([...names].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
  });

  it("has components that are usable JSON Schemas", async () => {
    const { document } = await readDocument();
    const compiler = new Ajv2020({ strict: false, validateFormats: false });
    compiler.addSchema({ $id: "runyard", ...document });
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => compiler.compile({ $ref: `runyard#/components/schemas/${name}` })).not.toThrow();
    }
  });

  it("says for each call what a missing key, a missing scope and too many requests come to", async () => {
    const { document } = await readDocument();
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(["401", "403", "429"]));
      }
    }
  });
});

describe("the documents' page", () => {
  it("shows every call and loads nothing from anywhere", async () => {
    await using server = await startTestServer();
    const response = await fetch(`${server.url}/docs`);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const page = await response.text();
    const { document } = await readDocument();
    for (const methods of Object.values(document.paths)) {
      for (const { operationId } of Object.values(methods)) expect(page).toContain(`id="${operationId}"`);
    }
    expect(page).not.toMatch(/<script|<link|<img|src=|url\(/);
  });
});
