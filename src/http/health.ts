import type { FastifyInstance } from "fastify";
import { sendJson } from "./send-json.ts";

export interface HealthOptions {
  /** Whether the process takes work now; false while it starts and while it drains. */
  isReady(): boolean;
  /** The metrics page; absent: `/metrics` does not exist. */
  metrics?(): Promise<{ contentType: string; body: string }>;
}

/**
 * What operators and orchestrators ask, without a key: `/livez` and `/healthz` (the process answers), `/readyz` (it takes
 * work: 200, else 503), `/metrics`.
 */
export function serveHealth(app: FastifyInstance, { isReady, metrics }: HealthOptions): void {
  for (const path of ["/livez", "/healthz"]) {
    app.get(path, { logLevel: "silent" }, (_request, reply) => {
      reply.header("cache-control", "no-store");
      sendJson(reply, 200, { status: "ok" });
    });
  }
  app.get("/readyz", (_request, reply) => {
    const ready = isReady();
    reply.header("cache-control", "no-store");
    sendJson(reply, ready ? 200 : 503, { status: ready ? "ready" : "not-ready" });
  });
  if (metrics === undefined) return;
  app.get("/metrics", async (_request, reply) => {
    const { contentType, body } = await metrics();
    return reply.header("cache-control", "no-store").header("content-type", contentType).send(body);
  });
}
