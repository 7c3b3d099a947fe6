import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Answer, bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let stranger: CharmApi;
beforeAll(async () => {
  charm = await startCharmPlatform();
  stranger = await charm.stranger();
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/notifications";
const notificationSchema = z.strictObject({
  id: z.uuid(),
  notification_id: z.uuid(),
  user_id: z.string(),
  title: z.string(),
  body: z.string(),
  notification_type: z.string(),
  is_read: z.boolean(),
  read_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
});
const countSchema = z.strictObject({ count: z.int(), unread_count: z.int() });
const readSchema = z.strictObject({ success: z.literal(true), updated: z.int() });

async function notify(userId: string, fields: object = {}) {
  const body = { user_id: userId, title: "Done", body: "It is done.", ...fields };
  return bodyOf(await charm.api.post(path, body), 201, notificationSchema);
}
const count = async (query = "") => bodyOf(await charm.api.get(`${path}/count${query}`), 200, countSchema).count;
const list = async (query = "") => bodyOf(await charm.api.get(path + query), 200, z.array(notificationSchema));

describe("notifications", () => {
  it("of the own user are listed newest first, counted and read", async () => {
    const one = await notify("me");
    const two = await notify(charm.platform.organizationId, { notification_type: "warning" });
    expect(one).toMatchObject({ user_id: charm.platform.organizationId, notification_type: "info", is_read: false });
    expect(two.notification_type).toBe("warning");
    expect(await list()).toEqual([two, one]);
    expect(await list("?limit=1")).toEqual([two]);
    expect(await list("?limit=1&offset=1")).toEqual([one]);
    expect(await count()).toBe(2);
    const ids = { notification_ids: [one.id, randomUUID(), "nonsense", one.id] };
    expect(bodyOf(await charm.api.post(`${path}/read`, ids), 200, readSchema).updated).toBe(1);
    expect(bodyOf(await charm.api.post(`${path}/read`, ids), 200, readSchema).updated).toBe(0);
    expect(await count()).toBe(1);
    const [, read] = await list();
    expect(read).toMatchObject({ id: one.id, is_read: true, read_at: expect.any(String) });
  });

  it("of another user of the organization are asked for by the user", async () => {
    const userId = `user-${randomUUID()}`;
    const made = await notify(userId);
    expect(await list(`?user_id=${userId}`)).toEqual([made]);
    expect(await count(`?user_id=${userId}`)).toBe(1);
    expect((await list()).map(({ id }) => id)).not.toContain(made.id);
    bodyOf(await charm.api.get(`/charm/v1/users/${userId}`), 200, z.looseObject({ id: z.literal(userId) }));
  });

  it("are changed by PUT, which without a body marks them as read", async () => {
    const { id } = await notify("u");
    const put = async (body?: unknown) => bodyOf(await charm.api.put(`${path}/${id}`, body), 200, notificationSchema);
    expect((await put()).is_read).toBe(true);
    expect((await put({ read: false })).is_read).toBe(false);
    expect((await put({ is_read: "true" })).is_read).toBe(true);
    expect(await put({ title: "New", notification_type: "alert", is_read: null })).toMatchObject({
      title: "New",
      notification_type: "alert",
      is_read: true,
    });
    expect(problemsOf(await charm.api.put(`${path}/${id}`, { is_read: "maybe", title: 5 }))).toEqual([
      "body.is_read bool_parsing",
      "body.title string_type",
    ]);
  });

  it("go once", async () => {
    const { id } = await notify("u");
    const answer = await charm.api.delete(`${path}/${id}`);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(detailOf(await charm.api.delete(`${path}/${id}`), 404)).toContain("notification");
    expect(detailOf(await charm.api.put(`${path}/${id}`), 404)).toContain("notification");
    expect(detailOf(await charm.api.delete(`${path}/nonsense`), 404)).toContain("notification");
  });

  it("tell all problems of a body at once", async () => {
    expect(problemsOf(await charm.api.post(path, { title: 5, notification_type: null }))).toEqual([
      "body.user_id missing",
      "body.title string_type",
      "body.body missing",
      "body.notification_type string_type",
    ]);
    expect(problemsOf(await charm.api.post(path))).toEqual(["body missing"]);
    expect(problemsOf(await charm.api.post(`${path}/read`, { notification_ids: ["a", 1, null] }))).toEqual([
      "body.notification_ids.1 string_type",
      "body.notification_ids.2 string_type",
    ]);
    expect(problemsOf(await charm.api.get(`${path}?limit=many`))).toEqual(["query.limit int_parsing"]);
    expect((await list("?limit=-5&offset=-1")).length).toBe(1);
  });

  it("of another organization are not there", async () => {
    const { id } = await notify("shared");
    expect(bodyOf(await stranger.get(`${path}?user_id=shared`), 200, z.array(notificationSchema))).toEqual([]);
    expect(bodyOf(await stranger.post(`${path}/read`, { notification_ids: [id] }), 200, readSchema).updated).toBe(0);
    expect(detailOf(await stranger.put(`${path}/${id}`), 404)).toContain("notification");
    expect(detailOf(await stranger.delete(`${path}/${id}`), 404)).toContain("notification");
    expect(await count("?user_id=shared")).toBe(1);
  });

  it("need a key with the scope for what is done", async () => {
    const writer = await charm.withScopes("agents:write");
    const reader = await charm.withScopes("agents:read");
    const calls: [(api: CharmApi) => Promise<Answer>, CharmApi][] = [
      [(api) => api.get(path), writer],
      [(api) => api.get(`${path}/count`), writer],
      [(api) => api.post(path, {}), reader],
      [(api) => api.post(`${path}/read`, {}), reader],
      [(api) => api.put(`${path}/x`, {}), reader],
      [(api) => api.delete(`${path}/x`), reader],
    ];
    for (const [call, lacking] of calls) {
      expect(detailOf(await call(charm.nobody), 401)).toContain("API key");
      expect(detailOf(await call(lacking), 403)).toContain("scope");
    }
  });
});
