import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createdOrganizationSchema } from "../../../src/http/dialects/native/schemas/organization.ts";
import { bodyOf, createAgent, errorOf, nativeApi } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

async function tenant(fields: object) {
  const answer = await native.api.post("/v1/organizations", { name: "Tenant", ...fields });
  return nativeApi(native.api.url, bodyOf(answer, 201, createdOrganizationSchema).key);
}

describe("the starter plan", () => {
  it("lets 60 requests a minute pass and refuses the 61st with how long to wait", async () => {
    // The window fills again with time, so time stands still.
    const now = Date.now();
    await using still = await startNativePlatform({ now: () => now });
    const created = await still.api.post("/v1/organizations", { name: "Tenant", plan: "starter" });
    const api = nativeApi(still.api.url, bodyOf(created, 201, createdOrganizationSchema).key);
    for (let number = 1; number <= 60; number += 1) {
      const { status, headers } = await api.get("/v1/agents");
      expect(status).toBe(200);
      expect(headers.get("x-ratelimit-limit")).toBe("60");
      expect(Number(headers.get("x-ratelimit-reset"))).toBeGreaterThan(1_700_000_000);
    }
    const refused = await api.get("/v1/agents");
    expect(errorOf(refused, 429)).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(refused.headers.get("x-ratelimit-limit")).toBe("60");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-reset")).toMatch(/^\d+$/);
  });
});

describe("no plan's limits", () => {
  it("come without headers", async () => {
    const { headers } = await native.api.get("/v1/agents");
    expect(headers.get("x-ratelimit-limit")).toBeNull();
  });
});

describe("a credit limit", () => {
  it("refuses what it cannot pay for before it starts", async () => {
    const api = await tenant({ creditLimitUsd: 0 });
    const agent = await createAgent(api, { model: "gpt-4.1-mini" });
    const answer = await api.post(`/v1/agents/${agent.id}/execute`, { input: "x" });
    expect(errorOf(answer, 429)).toMatchObject({ type: "rate_limit_error", code: "quota_exceeded" });
    expect((await api.get("/v1/executions")).body).toEqual({ data: [], hasMore: false });
  });
});
