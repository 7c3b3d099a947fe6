import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let stranger: CharmApi;
beforeAll(async () => {
  charm = await startCharmPlatform();
  stranger = await charm.stranger();
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/users";
const userSchema = z.looseObject({
  id: z.string(),
  user_id: z.string(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

describe("the own user", () => {
  it("has the organization's id and keeps what it is told", async () => {
    const before = bodyOf(await charm.api.get(`${path}/me`), 200, userSchema);
    expect(before).toMatchObject({ id: charm.platform.organizationId, user_id: charm.platform.organizationId });
    const fields = { email: "me@example.com", preferences: { theme: "dark" }, id: "else", created_at: "never" };
    const changed = bodyOf(await charm.api.patch(`${path}/me`, fields), 200, userSchema);
    expect(changed).toMatchObject({ id: before.id, email: "me@example.com", preferences: { theme: "dark" } });
    expect(changed.created_at).toBe(before.created_at);
    bodyOf(await charm.api.patch(`${path}/me`, { email: null, name: "Me" }), 200, userSchema);
    const read = bodyOf(await charm.api.get(`${path}/me`), 200, userSchema);
    expect(read).toMatchObject({ email: "me@example.com", name: "Me" });
    expect(bodyOf(await charm.api.get(`${path}/${before.id}`), 200, userSchema)).toEqual(read);
    expect(bodyOf(await stranger.get(`${path}/me`), 200, userSchema)).not.toHaveProperty("email");
  });

  it("is changed by an object, or by nothing", async () => {
    expect(problemsOf(await charm.api.patch(`${path}/me`, "[1]"))).toEqual(["body model_attributes_type"]);
    bodyOf(await charm.api.patch(`${path}/me`, ""), 200, userSchema);
    const answer = await charm.api.patch(`${path}/me`, { a: "x".repeat(100_000) });
    expect(problemsOf(answer)).toEqual(["body value_error"]);
    expect(problemsOf(await charm.api.patch(`${path}/me`, String.raw`{"a":"\u0000"}`))).toEqual(["body.a value_error"]);
    expect(problemsOf(await charm.api.patch(`${path}/me`, "{"))).toEqual(["body.1 json_invalid"]);
  });
});

describe("other users", () => {
  it("are made with an id of their own or of ours, once", async () => {
    const id = `user-${randomUUID()}`;
    const made = bodyOf(await charm.api.post(path, { id, name: "Ann" }), 201, userSchema);
    expect(made).toMatchObject({ id, user_id: id, name: "Ann" });
    expect(bodyOf(await charm.api.get(`${path}/${id}`), 200, userSchema)).toEqual(made);
    expect(detailOf(await charm.api.post(path, { id }), 409)).toContain(id);
    const other = bodyOf(await charm.api.post(path), 201, userSchema);
    expect(other.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(detailOf(await charm.api.post(path, { id: "me" }), 409)).toContain("already");
  });

  it("are not found when nobody has named them, and never across organizations", async () => {
    const { id } = bodyOf(await charm.api.post(path, { name: "Ann" }), 201, userSchema);
    for (const answer of [await charm.api.get(`${path}/nobody`), await stranger.get(`${path}/${id}`)]) {
      expect(detailOf(answer, 404)).toContain("no user");
    }
    bodyOf(await stranger.post(path, { id, name: "Another" }), 201, userSchema);
    expect(bodyOf(await charm.api.get(`${path}/${id}`), 200, userSchema)).toMatchObject({ name: "Ann" });
  });

  it("have ids of text, neither empty nor long", async () => {
    expect(problemsOf(await charm.api.post(path, { id: 5 }))).toEqual(["body.id string_type"]);
    expect(problemsOf(await charm.api.post(path, { id: "" }))).toEqual(["body.id value_error"]);
    expect(problemsOf(await charm.api.post(path, { id: "x".repeat(300) }))).toEqual(["body.id value_error"]);
    expect(problemsOf(await charm.api.get(`${path}/a%00b`))).toEqual(["path.user_id value_error"]);
  });
});

describe("a key", () => {
  it("is needed, with the scope for what is done", async () => {
    const writer = await charm.withScopes("agents:write");
    const reader = await charm.withScopes("agents:read");
    const calls: [
      (api: CharmApi) => Promise<{ status: number; body: unknown; headers: Headers; text: string }>,
      CharmApi,
    ][] = [
      [(api) => api.get(`${path}/me`), writer],
      [(api) => api.get(`${path}/x`), writer],
      [(api) => api.patch(`${path}/me`, {}), reader],
      [(api) => api.post(path, {}), reader],
    ];
    for (const [call, lacking] of calls) {
      expect(detailOf(await call(charm.nobody), 401)).toContain("API key");
      expect(detailOf(await call(lacking), 403)).toContain("scope");
    }
  });
});
