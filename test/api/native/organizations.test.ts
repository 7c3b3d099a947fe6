import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createdOrganizationSchema,
  organizationSchema,
} from "../../../src/http/dialects/native/schemas/organization.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, execute, nativeApi } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

async function createOrganization(fields: object = {}) {
  const answer = await native.api.post("/v1/organizations", { name: "Tenant", ...fields });
  return bodyOf(answer, 201, createdOrganizationSchema);
}

describe("organizations", () => {
  it("are made with a key that works in them", async () => {
    const created = await createOrganization({ plan: "professional", creditLimitUsd: 12.5 });
    expect(created).toMatchObject({
      name: "Tenant",
      plan: "professional",
      creditLimitUsd: 12.5,
      spentUsd: 0,
      reservedUsd: 0,
    });
    expect(created.id).toMatch(/^[0-9a-f-]{36}$/);
    const tenant = nativeApi(native.api.url, created.key);
    const agent = await createAgent(tenant);
    expect((await execute(tenant, agent.id, "hello")).status).toBe("completed");
    expect(errorOf(await tenant.get("/v1/organizations"), 403).code).toBe("insufficient_scope");
  });

  it("are read, changed and listed", async () => {
    const { id } = await createOrganization();
    const path = `/v1/organizations/${id}`;
    expect(bodyOf(await native.api.get(path), 200, organizationSchema).creditLimitUsd).toBeNull();
    const changed = await native.api.patch(path, { name: "Renamed", plan: "starter", creditLimitUsd: 0.000001 });
    expect(bodyOf(changed, 200, organizationSchema)).toMatchObject({
      name: "Renamed",
      plan: "starter",
      creditLimitUsd: 0.000001,
    });
    expect(
      bodyOf(await native.api.patch(path, { creditLimitUsd: null }), 200, organizationSchema).creditLimitUsd,
    ).toBeNull();
    const answer = await native.api.get("/v1/organizations?limit=100");
    expect(bodyOf(answer, 200, pageSchema(organizationSchema)).data.map((one) => one.id)).toContain(id);
    expect(answer.text).not.toContain('"key"');
  });

  it.each([
    [{}, "missing_required_field", "name"],
    [{ name: "a", plan: "gold" }, "invalid_field_value", "plan"],
    [{ name: "a", creditLimitUsd: -1 }, "invalid_field_value", "creditLimitUsd"],
    [{ name: "a", creditLimitUsd: "12" }, "invalid_field_value", "creditLimitUsd"],
  ])("are refused with fields like %j", async (body, code, param) => {
    expect(errorOf(await native.api.post("/v1/organizations", body), 400)).toMatchObject({ code, param });
  });

  it("are not found by nonsense", async () => {
    for (const id of ["nonsense", "00000000-0000-7000-8000-000000000000", "agt_x"]) {
      expect(errorOf(await native.api.get(`/v1/organizations/${id}`), 404).code).toBe("organization_not_found");
    }
  });
});
