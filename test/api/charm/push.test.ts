import { randomBytes, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { agentSchema, versionsSchema } from "../../../src/http/dialects/charm/schemas/agent.ts";
import { logsSchema, publishedSchema } from "../../../src/http/dialects/charm/schemas/push.ts";
import { makeArchive, makeBundle, manifestOf, projectBundle } from "./bundle.ts";
import { type Answer, bodyOf, type CharmApi, detailOf, readAnswer } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { openUpload, push, putBundle, register, upload } from "./push.ts";

let charm: CharmPlatform;
let now = Date.now();
beforeAll(async () => {
  charm = await startCharmPlatform({ now: () => now });
});
afterAll(() => charm[Symbol.asyncDispose]());

/** The error of the Store API: both keys, and words in `error`. */
function storeError(answer: Answer, status: number): string {
  return bodyOf(answer, status, z.object({ error: z.string(), detail: z.union([z.string(), z.array(z.unknown())]) }))
    .error;
}

describe("pushing", () => {
  it("makes the agent under the id of its manifest, and its first version the current one", async () => {
    const { manifest, answer } = await push(charm.api);
    const published = bodyOf(answer, 201, publishedSchema);
    expect(published).toEqual({
      status: "published",
      agent_id: manifest.id,
      slug: "probe-agent",
      version: "1.0.0",
      url: `${charm.api.url}/charm/v1/agents/${manifest.id}`,
    });
    const agent = bodyOf(await charm.api.get(published.url), 200, agentSchema);
    expect(agent).toMatchObject({ id: manifest.id, name: "Probe Agent", version: "1.0.0", config: manifest });
    expect(agent.metadata).toEqual({ repo: { url: "", branch: "main", commit: "unknown" } });
  });

  it("only adds a later version", async () => {
    const { manifest } = await push(charm.api);
    const later = manifestOf({ id: manifest.id, version: "1.1.0", name: "Later" });
    expect((await push(charm.api, later)).answer.status).toBe(201);
    const versions = bodyOf(await charm.api.get(`/charm/v1/versions/${manifest.id}`), 200, versionsSchema);
    expect(versions.current_version).toBe("1.0.0");
    expect(versions.versions.map(({ version }) => version)).toEqual(["1.1.0", "1.0.0"]);
    expect(await charm.api.get(`/charm/v1/agents/${manifest.id}`)).toMatchObject({ body: { name: "Probe Agent" } });
  });

  it("the same bytes again changes nothing, other bytes of the same version are refused", async () => {
    const manifest = manifestOf();
    const bytes = await projectBundle(manifest);
    expect((await register(charm.api, manifest, await upload(charm.api, bytes))).status).toBe(201);
    expect((await register(charm.api, manifest, await upload(charm.api, bytes))).status).toBe(200);
    const other = await projectBundle(manifest, "def run(inputs):\n    return 2\n");
    expect(storeError(await register(charm.api, manifest, await upload(charm.api, other)), 409)).toContain("1.0.0");
    const versions = bodyOf(await charm.api.get(`/charm/v1/versions/${manifest.id}`), 200, versionsSchema);
    expect(versions.versions).toHaveLength(1);
  });

  it("of one version from two sides at once lets one of them win", async () => {
    const { manifest } = await push(charm.api);
    const next = manifestOf({ id: manifest.id, version: "2.0.0" });
    const answers = await Promise.all([1, 2].map((n) => push(charm.api, next, `def run(inputs):\n    return ${n}\n`)));
    expect(answers.map(({ answer }) => answer.status).sort()).toEqual([201, 409]);
  });

  it("fills an agent that was made before without a bundle", async () => {
    const id = randomUUID();
    const made = { id, user_id: "u-9", name: "Made first" };
    expect((await charm.api.post("/charm/v1/agents", made)).status).toBe(201);
    expect((await push(charm.api, manifestOf({ id, version: "1.0.0" }))).answer.status).toBe(201);
    const versions = bodyOf(await charm.api.get(`/charm/v1/versions/${id}`), 200, versionsSchema);
    expect(versions.versions).toHaveLength(1);
    expect(await charm.api.get(`/charm/v1/agents/${id}`)).toMatchObject({ body: { name: "Probe Agent" } });
  });

  it("goes by the other base and by the older forms as well", async () => {
    const manifest = manifestOf();
    const token = await charm.api.post("/charm/v1/agents/upload-token", { agent_name: "A", version: "1.0.0" });
    const { upload_url, storage_path } = bodyOf(
      token,
      200,
      z.object({ upload_url: z.url(), storage_path: z.string() }),
    );
    await putBundle(charm.api, upload_url, await projectBundle(manifest));
    const metadata = { uac: manifest, repo: {} };
    expect((await charm.api.post("/charm/v1/agents", { metadata, storage_path })).status).toBe(201);

    const bare = manifestOf();
    expect((await charm.api.post("/charm/api/v1/agents", { uac: bare, repo: {} })).status).toBe(201);

    const inForm = manifestOf();
    const form = new FormData();
    const bytes = new Uint8Array(await projectBundle(inForm));
    form.set("file", new Blob([bytes], { type: "application/gzip" }), "source.tar.gz");
    form.set("metadata", JSON.stringify({ uac: inForm, repo: {} }));
    expect(await charm.api.post("/charm/api/v1/agents", form)).toMatchObject({
      status: 201,
      body: { agent_id: inForm.id },
    });
    const made = { user_id: "u", name: "By the runner's body" };
    expect((await charm.api.post("/charm/api/v1/agents", made)).status).toBe(201);
  });

  it("takes a state schema under the key that the command line writes it under", async () => {
    const manifest = manifestOf();
    const odd = {
      ...manifest,
      interface: { ...manifest.interface, state: { format: "json", schema_: { type: "object" } } },
    };
    expect((await register(charm.api, odd)).status).toBe(201);
  });
});

describe("an upload address", () => {
  it("takes bytes once, of gzip alone", async () => {
    const { upload_url } = await openUpload(charm.api);
    const bytes = await projectBundle(manifestOf());
    expect(storeError(await putBundle(charm.api, upload_url, Buffer.from("PK no gzip")), 422)).toContain("gzip");
    expect(storeError(await putBundle(charm.api, upload_url, Buffer.alloc(0)), 422)).toContain("gzip");
    expect(await putBundle(charm.api, upload_url, bytes)).toMatchObject({ status: 204, text: "" });
    storeError(await putBundle(charm.api, upload_url, bytes), 404);
    storeError(await putBundle(charm.api, upload_url.slice(0, -4), bytes), 404);
  });

  it("expires after 15 minutes", async () => {
    const { upload_url } = await openUpload(charm.api);
    now += 15 * 60_000;
    storeError(await putBundle(charm.api, upload_url, await projectBundle(manifestOf())), 404);
  });

  it("takes at most 50 MiB", async () => {
    const { upload_url } = await openUpload(charm.api);
    const chunk = Buffer.concat([gzipSync("a"), randomBytes(1024 * 1024)]);
    const body = new ReadableStream({
      async start(controller) {
        for (let count = 0; count < 51; count += 1) controller.enqueue(chunk);
        controller.close();
      },
    });
    const response = await fetch(upload_url, {
      method: "PUT",
      headers: { "content-type": "application/gzip" },
      body,
      duplex: "half",
    } as RequestInit);
    storeError(await readAnswer(response), 413);
  });

  it("leads nowhere for others", async () => {
    const stranger = await charm.stranger();
    const path = await upload(charm.api, await projectBundle(manifestOf()));
    storeError(await register(stranger, manifestOf(), path), 404);
  });
});

describe("a bundle that cannot be used", () => {
  const manifest = manifestOf();
  const pushed = async (bytes: Uint8Array, uac: object = manifest) =>
    register(charm.api, uac, await upload(charm.api, bytes));

  it.each([
    ["without a manifest", () => makeBundle({ "main.py": "x" }), "no charm.yaml"],
    ["that is no archive", async () => gzipSync("hello"), ""],
    ["that breaks off", async () => (await projectBundle(manifest)).subarray(0, 100), ""],
    ["with a path that leads out", () => makeBundle({ "charm.yaml": stringify(manifest), "../evil": "x" }), "evil"],
    [
      "with a link that leads out",
      () =>
        makeArchive([
          { name: "charm.yaml", content: stringify(manifest) },
          { name: "l", type: "symlink", linkname: "/etc/passwd" },
        ]),
      "l",
    ],
    ["with a manifest that is no YAML", () => makeBundle({ "charm.yaml": "a: [" }), "charm.yaml"],
    ["with a manifest that does not fit", () => makeBundle({ "charm.yaml": "version: '0.4.2'" }), "persona"],
    [
      "with a manifest of another version",
      () => projectBundle(manifestOf({ id: manifest.id, version: "9.9.9" })),
      "9.9.9",
    ],
    ["with a manifest of another agent", () => projectBundle(manifestOf()), "id"],
  ])("%s is refused whole", async (_, make, word) => {
    expect(storeError(await pushed(await make()), 422)).toContain(word);
    detailOf(await charm.api.get(`/charm/v1/agents/${manifest.id}`), 404);
  });

  it("has all problems of its registered manifest told", async () => {
    const bad = { ...manifest, version: "1.0", persona: { name: 5 } };
    const answer = await register(charm.api, bad);
    const { detail } = bodyOf(
      answer,
      422,
      z.object({ detail: z.array(z.object({ loc: z.array(z.unknown()), type: z.string() })) }),
    );
    expect(detail.map(({ loc }) => loc.join("."))).toEqual([
      "body.metadata.uac.version",
      "body.metadata.uac.persona.name",
      "body.metadata.uac.persona.description",
    ]);
    const { id: _, ...nameless } = manifest;
    expect(storeError(await register(charm.api, nameless), 422)).toContain("metadata.uac.id");
  });
});

describe("logs", () => {
  it("show the runs of an agent, none at first", async () => {
    const { manifest } = await push(charm.api);
    const answer = await charm.api.get(`/charm/api/v1/agents/logs?agent_id=${manifest.id}&limit=50`);
    expect(bodyOf(answer, 200, logsSchema)).toEqual({ logs: [] });
    storeError(await charm.api.get(`/charm/api/v1/agents/logs?agent_id=${randomUUID()}`), 404);
    storeError(await charm.api.get("/charm/api/v1/agents/logs"), 422);
    const stranger = await charm.stranger();
    storeError(await stranger.get(`/charm/api/v1/agents/logs?agent_id=${manifest.id}`), 404);
  });
});

describe("who may", () => {
  const calls: [string, (api: CharmApi) => Promise<Answer>][] = [
    ["open an upload", (api) => api.post("/charm/api/v1/agents/upload-token", { agent_name: "a", version: "1" })],
    ["register", (api) => register(api, manifestOf())],
    ["read logs", (api) => api.get(`/charm/api/v1/agents/logs?agent_id=${randomUUID()}`)],
  ];

  it.each(calls)("%s needs a key with a scope", async (_, call) => {
    storeError(await call(charm.nobody), 401);
    storeError(await call(await charm.withScopes("analytics:read")), 403);
  });
});
