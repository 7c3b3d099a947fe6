import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { bodyOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
beforeAll(async () => {
  charm = await startCharmPlatform();
});
afterAll(() => charm[Symbol.asyncDispose]());

/** Every operation that the product publishes. */
const published = `
POST /v1/execute
POST /v1/agents
GET /v1/agents
GET /v1/agents/{agent_id}
PATCH /v1/agents/{agent_id}
DELETE /v1/agents/{agent_id}
POST /v1/upgrade
GET /v1/versions/{agent_id}
POST /v1/rollback
GET /v1/runs/{run_id}
GET /v1/runs/{run_id}/events
POST /v1/runs/{run_id}/complete
POST /v1/runs/{run_id}/cancel
POST /v1/runs/{run_id}/progress
GET /v1/threads/{thread_id}/runs
GET /v1/studio/agents
GET /v1/studio/agents/{agent_id}/stats
GET /v1/studio/agents/{agent_id}/runs
GET /v1/studio/agents/{agent_id}/installs
GET /v1/studio/agents/{agent_id}/errors
GET /v1/studio/agents/{agent_id}/usage-log
GET /v1/studio/agents/{agent_id}/token-distribution
GET /v1/studio/agents/{agent_id}/latency-distribution
GET /v1/studio/agents/{agent_id}/session-depth
GET /v1/billing/wallet
GET /v1/billing/subscriptions
POST /v1/billing/subscriptions
GET /v1/billing/subscriptions/{subscription_id}
POST /v1/billing/transactions
POST /v1/billing/webhook-event
GET /v1/daemon/{agent_id}/status
POST /v1/daemon/{agent_id}/start
POST /v1/daemon/{agent_id}/stop
POST /v1/daemon/{agent_id}/control
GET /v1/daemons
POST /v1/daemons
GET /v1/jobs
POST /v1/jobs
GET /v1/jobs/{job_id}
DELETE /v1/jobs/{job_id}
POST /v1/jobs/{job_id}/cancel
GET /v1/notifications/count
GET /v1/notifications
POST /v1/notifications
POST /v1/notifications/read
PUT /v1/notifications/{notification_id}
DELETE /v1/notifications/{notification_id}
GET /v1/users/me
PATCH /v1/users/me
GET /v1/users/{user_id}
POST /v1/users
GET /v1/admin/users
GET /v1/admin/users-costs
GET /v1/admin/costs
GET /v1/admin/agents
GET /v1/admin/agents/{agent_id}/stats
GET /v1/admin/agents/{agent_id}/runs
GET /v1/admin/agents/{agent_id}/installs
GET /v1/admin/agents/{agent_id}/errors
POST /v1/internal/jobs/cleanup-artifact-registry
POST /v1/internal/jobs/creator-payouts
POST /v1/internal/jobs/weekly-reset
GET /health
`
  .trim()
  .split("\n");

const operationSchema = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  responses: z.record(z.string(), z.unknown()),
});
const documentSchema = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

async function documentAt(path: string): Promise<z.infer<typeof documentSchema>> {
  return bodyOf(await charm.nobody.get(path), 200, documentSchema);
}

function operationsOf(document: z.infer<typeof documentSchema>) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

describe("the document", () => {
  it("has every published operation and no other", async () => {
    const document = await documentAt("/charm/openapi.json");
    expect(document.info.title).toBe("Charm Cloud Runner API");
    const found = operationsOf(document).map(({ method, path }) => `${method} ${path.replace(/^\/charm/, "")}`);
    expect(found.toSorted()).toEqual(published.toSorted());
    expect(published).toHaveLength(63);
  });

  it("names its operations as the product does", async () => {
    const operations = operationsOf(await documentAt("/charm/openapi.json"));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(63);
    expect(ids).toContain("execute_agent_v1_execute_post");
    expect(ids).toContain("create_agent_v1_agents_post");
    for (const { method, path, operation } of operations) {
      const place = path.replace(/^\/charm/, "").replaceAll(/\W/g, "_");
      expect(operation.operationId).toMatch(new RegExp(`^[a-z_]+${place}_${method.toLowerCase()}$`));
    }
  });

  it("declares the schema error wherever something is taken", async () => {
    for (const { operation } of operationsOf(await documentAt("/charm/openapi.json"))) {
      const takes = "requestBody" in operation || "parameters" in operation;
      if (takes) expect(operation.responses, operation.operationId).toHaveProperty("422");
    }
  });

  it("of the Store API stands beside it", async () => {
    const found = operationsOf(await documentAt("/charm/api/openapi.json")).map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(found.toSorted()).toEqual([
      "GET /charm/api/v1/agents/logs",
      "POST /charm/api/v1/agents",
      "POST /charm/api/v1/agents/upload-token",
      "PUT /charm/api/v1/uploads/{token}",
    ]);
  });

  it("is shown as a page", async () => {
    const page = await charm.nobody.get("/charm/docs");
    expect(page.status).toBe(200);
    expect(page.text).toContain("execute_agent_v1_execute_post");
  });
});
