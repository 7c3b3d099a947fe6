import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { errorSchema } from "../../../src/http/dialects/native/schemas/error.ts";
import { createAgent, errorOf } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

/**
 * Every field of every request, as the OpenAPI document names them, with values that it does not allow or that break
 * careless servers. Nothing may come to a 5xx.
 */
const schemaSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  $ref: z.string().optional(),
});

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
        requestBody: z
          .object({ content: z.object({ "application/json": z.object({ schema: schemaSchema }) }).partial() })
          .optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
});

const nasty: unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  "",
  " ",
  "a\0b",
  "\ud800",
  "a".repeat(300_000),
  "${jndi:x} '; drop table agent; --",
  [],
  [[]],
  [null],
  {},
  { a: { b: { c: null } } },
  JSON.parse('{"__proto__":{"admin":true}}'),
  { constructor: { prototype: { admin: true } } },
  Array.from({ length: 1000 }, (_, index) => index),
];

// Postgres and SQLite refuse different things.
describe.each(["sqlite", "postgres"] as const)("on %s", (database) => {
  let native: NativePlatform;
  let document: z.output<typeof documentSchema>;
  /** Changed by what is tried. */
  let agentId: string;
  /** Executed, and otherwise left alone. */
  let runnerId: string;
  beforeAll(async () => {
    native = await startNativePlatform({ database });
    document = documentSchema.parse((await native.api.get("/openapi.json")).body);
    agentId = (await createAgent(native.api)).id;
    runnerId = (await createAgent(native.api)).id;
  });
  afterAll(() => native[Symbol.asyncDispose]());

  function propertiesOf(schema: z.output<typeof schemaSchema>): string[] {
    const target =
      schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
    return Object.keys(target?.properties ?? {});
  }

  function requests() {
    return Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
  }

  /** A real agent where one is asked for, so that the body is looked at; something unknown elsewhere. */
  function fill(path: string): string {
    const id = path.endsWith("/execute") ? runnerId : agentId;
    return path.replace("/v1/agents/{id}", `/v1/agents/${id}`).replaceAll(/\{\w+\}/g, "unknown");
  }

  describe("each field of each body", () => {
    it("may hold anything without the server's failing", async () => {
      for (const { method, path, requestBody } of requests()) {
        const schema = requestBody?.content["application/json"]?.schema;
        if (schema === undefined) continue;
        for (const name of propertiesOf(schema)) {
          for (const value of nasty) {
            const response = await native.api.open(method, fill(path), { [name]: value });
            const text = await response.text();
            expect(response.status, `${method} ${path} ${name}: ${text}`).toBeLessThan(500);
            if (response.status >= 400) errorSchema.parse(JSON.parse(text));
          }
        }
      }
    });

    it("may be any JSON altogether", async () => {
      const targets = requests().filter(({ requestBody }) => requestBody?.content["application/json"] !== undefined);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...targets), fc.jsonValue({ maxDepth: 3 }), async ({ method, path }, body) => {
          const response = await native.api.open(method, fill(path), JSON.stringify(body));
          await response.text();
          expect(response.status).toBeLessThan(500);
        }),
        { numRuns: 150 },
      );
    });
  });

  describe("each parameter of each query", () => {
    it("may hold anything without the server's failing", async () => {
      for (const { method, path, parameters } of requests()) {
        if (method !== "GET" || path.endsWith("/stream")) continue;
        for (const { name, in: place } of parameters) {
          if (place !== "query") continue;
          for (const value of ["", "%00", "%F0%9F%98%80", "-1", "NaN", "a".repeat(5000), "..%2f..", "%22%27--", "[]"]) {
            const response = await native.api.open(method, `${fill(path)}?${name}=${value}`);
            const text = await response.text();
            expect(response.status, `${method} ${path}?${name}=${value}: ${text}`).toBeLessThan(500);
            if (response.status >= 400) errorSchema.parse(JSON.parse(text));
          }
        }
      }
    });
  });

  describe("each id of each path", () => {
    it("may be nonsense, which is not found", async () => {
      for (const { method, path } of requests()) {
        if (!path.includes("{")) continue;
        for (const id of ["unknown", "%00", "agt_%F0%9F%98%80", "..%2f..%2fetc", "a".repeat(400), "null"]) {
          const response = await native.api.open(
            method,
            path.replaceAll(/\{\w+\}/g, id),
            method === "GET" ? undefined : {},
          );
          const text = await response.text();
          expect(response.status, `${method} ${path} ${id}: ${text}`).toBeGreaterThanOrEqual(400);
          expect(response.status, `${method} ${path} ${id}: ${text}`).toBeLessThan(500);
          errorSchema.parse(JSON.parse(text));
        }
      }
    });
  });

  describe("every route", () => {
    it("asks for a key first", async () => {
      for (const { method, path } of requests()) {
        const response = await fetch(native.api.url + fill(path), {
          method,
          ...(method !== "GET" && { body: "{broken", headers: { "content-type": "application/json" } }),
        });
        expect(response.status, `${method} ${path}`).toBe(401);
        await response.text();
      }
    });

    it("refuses deep JSON", async () => {
      const deep = `{"input":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
      expect(errorOf(await native.api.post(`/v1/agents/${agentId}/execute`, deep), 400).code).toBe("invalid_json");
    });
  });
});
