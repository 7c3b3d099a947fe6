import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createdKeySchema, keySchema } from "../../../src/http/dialects/native/schemas/key.ts";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { bodyOf, createAgent, errorOf, nativeApi } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

async function createKey(fields: object = {}) {
  const created = bodyOf(
    await native.api.post("/v1/keys", { name: "Key", environment: "live", ...fields }),
    201,
    createdKeySchema,
  );
  return { ...created, api: nativeApi(native.api.url, created.key) };
}

describe("an API key", () => {
  it("is shown whole once, and by its first 16 characters after that", async () => {
    const created = await createKey({ scopes: ["agents:read"] });
    expect(created.key).toMatch(/^ya_live_sk_/);
    expect(created).toMatchObject({
      prefix: created.key.slice(0, 16),
      environment: "live",
      lastUsed: null,
      expiresAt: null,
    });
    const answer = await native.api.get("/v1/keys");
    const { data } = bodyOf(answer, 200, pageSchema(keySchema));
    expect(data.map(({ id }) => id)).toContain(created.id);
    expect(answer.text).not.toContain(created.key);
  });

  it("has the default scopes when none are named", async () => {
    const { scopes } = await createKey();
    expect(scopes.toSorted()).toEqual(["agents:execute", "agents:read", "agents:write", "analytics:read"]);
  });

  it("may do what its scopes say and nothing else", async () => {
    const { api } = await createKey({ scopes: ["agents:read"] });
    expect((await api.get("/v1/agents")).status).toBe(200);
    for (const answer of [
      await api.post("/v1/agents", {}),
      await api.post("/v1/agents/agt_x/execute", {}),
      await api.get("/v1/keys"),
      await api.get("/v1/webhooks"),
      await api.get("/v1/usage"),
      await api.post("/v1/organizations", {}),
      await api.get("/v1/conversations"),
      await api.get("/v1/executions/exec_x/stream"),
    ]) {
      expect(errorOf(answer, 403)).toMatchObject({ type: "permission_error", code: "insufficient_scope" });
    }
    const { api: executor } = await createKey({ scopes: ["agents:execute"] });
    expect((await executor.get("/v1/executions")).status).toBe(200);
    expect(errorOf(await executor.get("/v1/agents"), 403).code).toBe("insufficient_scope");
  });

  it("cannot make keys that may do more than itself", async () => {
    const { api } = await createKey({ scopes: ["keys:manage"] });
    const answer = await api.post("/v1/keys", { name: "More", environment: "live", scopes: ["organizations:manage"] });
    expect(errorOf(answer, 403).code).toBe("insufficient_scope");
  });

  it("ends with its revocation", async () => {
    const { id, api } = await createKey();
    expect((await api.get("/v1/agents")).status).toBe(200);
    expect((await native.api.delete(`/v1/keys/${id}`)).body).toEqual({
      id,
      deleted: true,
      revokedAt: expect.stringMatching(/Z$/),
    });
    expect(errorOf(await api.get("/v1/agents"), 401)).toMatchObject({
      type: "authentication_error",
      code: "invalid_api_key",
    });
  });

  it("sees an organization of its own when it is a test key", async () => {
    const agent = await createAgent(native.api);
    const { key, api } = await createKey({ environment: "test" });
    expect(key).toMatch(/^ya_test_sk_/);
    expect(errorOf(await api.get(`/v1/agents/${agent.id}`), 404).code).toBe("agent_not_found");
  });

  it.each([
    [{ environment: "live" }, "missing_required_field", "name"],
    [{ name: "a" }, "missing_required_field", "environment"],
    [{ name: "a", environment: "staging" }, "invalid_field_value", "environment"],
    [{ name: "a", environment: "live", scopes: ["everything"] }, "invalid_field_value", "scopes.0"],
    [{ name: "a", environment: "live", scopes: [] }, "invalid_field_value", "scopes"],
    [{ name: "a", environment: "live", expiresAt: "soon" }, "invalid_field_value", "expiresAt"],
    [{ name: "a", environment: "live", expiresAt: "2020-01-01T00:00:00Z" }, "invalid_field_value", "expiresAt"],
  ])("is refused with fields like %j", async (body, code, param) => {
    expect(errorOf(await native.api.post("/v1/keys", body), 400)).toMatchObject({ code, param });
  });

  it("is not another organization's to revoke", async () => {
    const { id, api } = await createKey();
    const stranger = await native.stranger();
    expect(errorOf(await stranger.delete(`/v1/keys/${id}`), 404).code).toBe("key_not_found");
    expect((await api.get("/v1/agents")).status).toBe(200);
    expect((await stranger.get("/v1/keys")).text).not.toContain(id);
  });
});

describe("without a good key", () => {
  it("nothing is told", async () => {
    for (const key of ["", "nonsense", `${native.api.key}x`, native.api.key.slice(0, -1), "ya_live_sk_"]) {
      const answer = await nativeApi(native.api.url, key).get("/v1/agents");
      expect(errorOf(answer, 401)).toMatchObject({ type: "authentication_error", code: "invalid_api_key" });
    }
  });
});
