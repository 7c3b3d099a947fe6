import swagger from "@fastify/swagger";
import type { FastifyInstance, FastifySchema } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { jsonObjectSchema, type Json, type JsonObject } from "../contract/json.ts";
import { renderDocumentPage } from "./document-page.ts";
import { sendJsonText } from "./send-json.ts";
import type { SurfaceDocument } from "./surface.ts";

export interface DocumentOptions extends SurfaceDocument {
  version: string;
  serverUrl: string;
}

/**
 * Serves the OpenAPI 3.1 document of the scope's routes, made from their schemas, and a readable page of it. Call it
 * before the routes are registered. The document is made on the first request and kept.
 *
 * Schemas with an id (`.meta({ id })`) become components. Ids are shared by all surfaces, so each surface chooses names
 * of its own; what a document does not refer to is left out of it.
 */
export async function serveDocument(scope: FastifyInstance, options: DocumentOptions): Promise<void> {
  await scope.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: options.title, description: options.description, version: options.version },
      servers: [{ url: options.serverUrl }],
      tags: options.tags.map(({ name, description }) => ({ name, description })),
      components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } },
      security: [{ apiKey: [] }],
    },
    transform: (route) => jsonSchemaTransform({ ...route, schema: withDocumentedHeaders(route.schema) }),
    transformObject: jsonSchemaTransformObject,
  });
  let documentText: string | undefined;
  const text = () => (documentText ??= JSON.stringify(withoutUnusedSchemas(jsonObjectSchema.parse(plain(scope)))));
  let page: string | undefined;
  scope.get(options.path, { schema: hidden }, (_request, reply) => {
    sendJsonText(reply, 200, text());
  });
  scope.get(options.pagePath, { schema: hidden }, (_request, reply) => {
    page ??= renderDocumentPage(jsonObjectSchema.parse(JSON.parse(text())), options.path);
    reply
      .header("content-type", "text/html; charset=utf-8")
      // The page has no script and loads nothing.
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
      .header("x-content-type-options", "nosniff")
      .send(page);
  });
}

const hidden = { hide: true };

declare module "fastify" {
  interface FastifySchema {
    /** Request headers that the document shows; unlike `headers` they are not checked on every request. */
    documentedHeaders?: Record<string, string>;
  }
}

function withDocumentedHeaders(schema: FastifySchema): FastifySchema {
  const { documentedHeaders, ...rest } = schema;
  if (documentedHeaders === undefined) return rest;
  const headers = Object.entries(documentedHeaders).map(([name, text]) => [name, z.string().optional().describe(text)]);
  return { ...rest, headers: z.object(Object.fromEntries(headers)) };
}

function plain(scope: FastifyInstance): unknown {
  return JSON.parse(JSON.stringify(scope.swagger()));
}

const documentSchema = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), jsonObjectSchema).default({}) }),
});

/**
 * Keeps the components that the paths refer to, directly or through another component. The generator names what
 * requests carry `…Input`; where no answer has the same name, the plain name is free.
 */
function withoutUnusedSchemas(document: JsonObject): unknown {
  const { components, ...rest } = documentSchema.parse(document);
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const name of referencedSchemas(value)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(components.schemas[name]);
    }
  };
  visit(rest);
  const names = new Map([...used].map((name) => [name, plainName(name, used)]));
  const schemas: Record<string, Json> = {};
  for (const [name, plain] of [...names].toSorted(([, left], [, right]) => left.localeCompare(right))) {
    const schema = components.schemas[name];
    if (schema !== undefined) schemas[plain] = schema;
  }
  const text = JSON.stringify({ ...rest, components: { ...components, schemas } });
  return JSON.parse(
    text.replaceAll(referencePattern, (whole, name: string) => whole.replace(name, names.get(name) ?? name)),
  );
}

function plainName(name: string, used: ReadonlySet<string>): string {
  const plain = name.replace(/Input$/, "");
  return used.has(plain) ? name : plain;
}

const referencePattern = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

function referencedSchemas(value: unknown): string[] {
  const references = JSON.stringify(value ?? null).matchAll(referencePattern);
  return [...references].flatMap(([, name]) => (name === undefined ? [] : [name]));
}
