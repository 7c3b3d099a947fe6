import { createNativeSurface } from "../../src/http/dialects/native/native.ts";
import { createHttpServer } from "../../src/http/server.ts";
import type { Operations } from "../../src/operations/operations.ts";
import type { Schema } from "./render-types.ts";

export interface ApiDocument {
  components: { schemas: Record<string, Schema> };
}

/** The OpenAPI document of the native API, as a server serves it. */
export async function readApiDocument(): Promise<ApiDocument> {
  // The document is made from the routes alone: no operation is ever called.
  const operations: Operations = Object.create(null);
  await using server = await createHttpServer({
    surfaces: (parts) => [createNativeSurface({ operations }, parts)],
    version: "0",
    health: { isReady: () => true },
  });
  const answer = await server.app.inject("/openapi.json");
  if (answer.statusCode !== 200) throw new Error(`/openapi.json answered ${answer.statusCode}: ${answer.body}`);
  return answer.json<ApiDocument>();
}
