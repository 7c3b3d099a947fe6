import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { agentSchema, versionsSchema, type WireAgent } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { manifestOf } from "./bundle.ts";
import { bodyOf, type CharmApi, detailOf, problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
let stranger: CharmApi;
beforeAll(async () => {
  charm = await startCharmPlatform();
  stranger = await charm.stranger();
});
afterAll(() => charm[Symbol.asyncDispose]());

const path = "/charm/v1/agents";

async function create(fields: object = {}): Promise<WireAgent> {
  return bodyOf(await charm.api.post(path, { user_id: "u-1", name: "Helper", ...fields }), 201, agentSchema);
}

describe("creating an agent", () => {
  it("gives it back under an id of ours", async () => {
    const agent = await create();
    expect(agent).toMatchObject({
      user_id: "u-1",
      name: "Helper",
      version: "1.0.0",
      is_active: true,
      config: null,
      metadata: null,
      agent_id: agent.id,
    });
    expect(agent.id).toMatch(/^[0-9a-f]{8}-/);
    expect(agent.created_at).toMatch(/Z$/);
    expect(bodyOf(await charm.api.get(`${path}/${agent.id}`), 200, agentSchema)).toEqual(agent);
  });

  it("keeps the id, the manifest and the metadata that the caller gives", async () => {
    const id = `mine-${randomUUID()}`;
    const config = manifestOf({ id });
    const agent = await create({ id, version: "2.1.0", config, metadata: { team: { name: "a" } }, unknown: 1 });
    expect(agent).toMatchObject({ id, agent_id: id, version: "2.1.0", config, metadata: { team: { name: "a" } } });
    expect(bodyOf(await charm.api.get(`${path}/${id}`), 200, agentSchema)).toEqual(agent);
    expect(detailOf(await charm.api.post(path, { id, user_id: "u", name: "n" }), 409)).toContain(id);
  });

  it("tells all problems of a body at once", async () => {
    expect(problemsOf(await charm.api.post(path, { id: 5, name: null, config: [], version: 1 }))).toEqual([
      "body.id string_type",
      "body.user_id missing",
      "body.name string_type",
      "body.version string_type",
      "body.config dict_type",
    ]);
    expect(problemsOf(await charm.api.post(path))).toEqual(["body missing"]);
    expect(problemsOf(await charm.api.post(path, "[1]"))).toEqual(["body model_attributes_type"]);
    expect(problemsOf(await charm.api.post(path, '{"user_id": '))).toEqual([
      expect.stringMatching(/^body\.\d+ json_invalid$/),
    ]);
    expect(problemsOf(await charm.api.post(path, { user_id: "u\0", name: "n" }))).toEqual(["body.user_id value_error"]);
    expect(problemsOf(await charm.api.post(path, "[".repeat(5000)))).toEqual(["body.0 json_invalid"]);
  });
});

describe("listing agents", () => {
  const listOf = async (query: string) => bodyOf(await charm.api.get(path + query), 200, z.array(agentSchema));

  it("shows those of one user, newest first, in pages", async () => {
    const user = randomUUID();
    const [a, b, c] = [
      await create({ user_id: user }),
      await create({ user_id: user }),
      await create({ user_id: user }),
    ];
    expect(await listOf(`?user_id=${user}`)).toEqual([c, b, a]);
    expect(await listOf(`?user_id=${user}&limit=2`)).toEqual([c, b]);
    expect(await listOf(`?user_id=${user}&limit=2&offset=2`)).toEqual([a]);
    expect(await listOf(`?user_id=${user}&limit=-3&offset=-1`)).toEqual([c]);
    expect(await listOf(`?user_id=${user}&limit=99999999999999999999`)).toHaveLength(3);
    expect(await listOf(`?user_id=${user}&offset=99999999999999999999`)).toEqual([]);
  });

  it("refuses what is no number", async () => {
    expect(problemsOf(await charm.api.get(`${path}?limit=a&offset=1.5`))).toEqual([
      "query.limit int_parsing",
      "query.offset int_parsing",
    ]);
  });

  it("shows nothing to others", async () => {
    expect(bodyOf(await stranger.get(path), 200, z.array(agentSchema))).toEqual([]);
  });
});

describe("changing an agent", () => {
  it("changes what is given and leaves what is null", async () => {
    const agent = await create({ metadata: { a: 1 } });
    const changed = bodyOf(
      await charm.api.patch(`${path}/${agent.id}`, { name: "Renamed", is_active: "false", metadata: null }),
      200,
      agentSchema,
    );
    expect(changed).toMatchObject({ name: "Renamed", is_active: false, metadata: { a: 1 }, version: "1.0.0" });
    expect(bodyOf(await charm.api.patch(`${path}/${agent.id}`, {}), 200, agentSchema)).toEqual(changed);
    const again = bodyOf(
      await charm.api.patch(`${path}/${agent.id}`, { version: "1.1.0", config: { any: "thing" }, is_active: true }),
      200,
      agentSchema,
    );
    expect(again).toMatchObject({ version: "1.1.0", config: { any: "thing" }, is_active: true });
    const { versions, current_version } = bodyOf(
      await charm.api.get(`/charm/v1/versions/${agent.id}`),
      200,
      versionsSchema,
    );
    expect(current_version).toBe("1.1.0");
    expect(versions.map(({ version, is_current }) => [version, is_current])).toEqual([
      ["1.1.0", true],
      ["1.0.0", false],
    ]);
  });

  it("tells all problems at once", async () => {
    const agent = await create();
    expect(
      problemsOf(await charm.api.patch(`${path}/${agent.id}`, { name: 1, is_active: "perhaps", config: 2 })),
    ).toEqual(["body.name string_type", "body.is_active bool_parsing", "body.config dict_type"]);
  });
});

describe("deleting an agent", () => {
  it("leaves nothing, and its id free", async () => {
    const id = randomUUID();
    await create({ id });
    const answer = await charm.api.delete(`${path}/${id}`);
    expect(answer).toMatchObject({ status: 204, text: "" });
    detailOf(await charm.api.get(`${path}/${id}`), 404);
    detailOf(await charm.api.delete(`${path}/${id}`), 404);
    detailOf(await charm.api.get(`/charm/v1/versions/${id}`), 404);
    await create({ id });
  });
});

describe("who may", () => {
  const calls: [string, string, object | undefined, string][] = [
    ["POST", path, { user_id: "u", name: "n" }, "agents:write"],
    ["GET", path, undefined, "agents:read"],
    ["GET", `${path}/ID`, undefined, "agents:read"],
    ["PATCH", `${path}/ID`, { name: "x" }, "agents:write"],
    ["DELETE", `${path}/ID`, undefined, "agents:write"],
    ["GET", "/charm/v1/versions/ID", undefined, "agents:read"],
    ["POST", "/charm/v1/upgrade", { agent_id: "ID", version: "1.0.0" }, "agents:write"],
    ["POST", "/charm/v1/rollback", { agent_id: "ID" }, "agents:write"],
  ];

  it.each(calls)("%s %s needs a key, its scope and an agent of one's own", async (method, template, body, scope) => {
    const { id } = await create();
    const url = template.replace("ID", id);
    const sent = body === undefined ? undefined : JSON.stringify(body).replace("ID", id);
    const call = async (api: CharmApi) => {
      const response = await api.open(method, url, sent);
      return {
        status: response.status,
        headers: response.headers,
        text: await response.clone().text(),
        body: await response.json().catch(() => null),
      };
    };
    const without = await call(charm.nobody);
    expect(without.headers.get("www-authenticate")).toBe("Bearer");
    detailOf(without, 401);
    const narrow = await charm.withScopes(scope === "agents:read" ? "agents:write" : "agents:read");
    expect(detailOf(await call(narrow), 403)).toContain(scope);
    const isOfOneAgent = template.includes("ID") || JSON.stringify(body ?? {}).includes("ID");
    if (isOfOneAgent) expect(detailOf(await call(stranger), 404)).not.toContain("agt_");
    expect((await charm.api.get(`${path}/${id}`)).status).toBe(200);
  });
});

describe("paths", () => {
  it("that do not exist answer like the framework", async () => {
    expect(await charm.api.get("/charm/v1/nothing")).toMatchObject({ status: 404, body: { detail: "Not Found" } });
    const wrong = await charm.api.put(path, {});
    expect(wrong).toMatchObject({ status: 405, body: { detail: "Method Not Allowed" } });
    expect(wrong.headers.get("allow")).toContain("POST");
    expect(await charm.api.get("/charm/health")).toMatchObject({ status: 200, body: { status: "ok" } });
  });
});
