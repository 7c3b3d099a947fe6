import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CharmApi, problemsOf, readAnswer } from "./charm-api.ts";
import { manifestOf } from "./bundle.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";
import { push } from "./push.ts";

let charm: CharmPlatform;
let agentId: string;
beforeAll(async () => {
  charm = await startCharmPlatform();
  agentId = (await push(charm.api)).manifest.id;
});
afterAll(() => charm[Symbol.asyncDispose]());

const withBody: [string, string][] = [
  ["POST", "/charm/v1/execute"],
  ["POST", "/charm/v1/agents"],
  ["PATCH", "/charm/v1/agents/ID"],
  ["POST", "/charm/v1/upgrade"],
  ["POST", "/charm/v1/rollback"],
  ["POST", "/charm/v1/runs/ID/complete"],
  ["POST", "/charm/v1/runs/ID/progress"],
  ["POST", "/charm/api/v1/agents"],
  ["POST", "/charm/api/v1/agents/upload-token"],
];

const bodies: [string, string | undefined][] = [
  ["nothing", undefined],
  ["a list", "[]"],
  ["a text", '"text"'],
  ["null", "null"],
  ["broken JSON", '{"a":'],
  ["a NUL character", '{"agent_id":"a\\u0000","version":"1.0.0","name":"\\u0000","user_id":"u"}'],
  ["half a surrogate pair", '{"agent_id":"\\ud800","version":"1.0.0","name":"\\ud800","user_id":"u"}'],
  ["a disguised prototype", '{"__proto__":{"a":1},"agent_id":"a","version":"1"}'],
  ["too deep", `${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`],
  ["deep enough to hurt", `{"metadata":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
  ["numbers for texts", '{"agent_id":1e400,"version":-0,"name":1,"user_id":2,"uac":3,"metadata":{"uac":4}}'],
];

describe.each(withBody)("%s %s", (method, template) => {
  it.each(bodies)("refuses %s with a 4xx of the documented shape", async (_, body) => {
    const answer = await readAnswer(await charm.api.open(method, template.replace("ID", agentId), body));
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    expect(answer.status, answer.text).toBeLessThan(500);
    expect(answer.body).toHaveProperty("detail");
  });

  it("refuses a body of another content type, and none at all without one", async () => {
    for (const type of [
      "text/plain",
      "application/xml",
      "multipart/form-data",
      "multipart/form-data; boundary=x",
      "x",
    ]) {
      const response = await charm.api.open(method, template.replace("ID", agentId), "a=1", { "content-type": type });
      const answer = await readAnswer(response);
      expect(answer.status, `${type}: ${answer.text}`).toBeGreaterThanOrEqual(400);
      expect(answer.status, `${type}: ${answer.text}`).toBeLessThan(500);
    }
  });
});

const paths = [
  "/charm/v1/agents/X",
  "/charm/v1/versions/X",
  "/charm/v1/runs/X",
  "/charm/v1/runs/X/events",
  "/charm/v1/threads/X/runs",
  "/charm/files/X",
  "/charm/files/X?signature=X",
  "/charm/api/v1/agents/logs?agent_id=X",
  "/charm/v1/agents?user_id=X",
];

describe.each(paths)("GET %s", (template) => {
  it.each(["%00", "%ff", "%2e%2e%2f", "a".repeat(600), "%F0%9F%98%80", randomUUID(), "' or 1=1 --"])(
    "answers %j with no fault of ours",
    async (part) => {
      const answer = await charm.api.get(template.replaceAll("X", part));
      expect(answer.status, answer.text).toBeLessThan(500);
    },
  );
});

describe("a registration", () => {
  const send = async (api: CharmApi, body: string, type: string) =>
    readAnswer(await api.open("POST", "/charm/api/v1/agents", body, { "content-type": type }));

  it("as a form that is broken or lacks its parts is refused", async () => {
    const form = new FormData();
    form.set("file", new Blob(["x"]), "source.tar.gz");
    expect((await charm.api.post("/charm/api/v1/agents", form)).status).toBe(422);
    const empty = new FormData();
    expect((await charm.api.post("/charm/api/v1/agents", empty)).status).toBe(422);
    const text = new FormData();
    text.set("metadata", "{no json");
    expect((await charm.api.post("/charm/api/v1/agents", text)).status).toBe(422);
    const broken = '--x\r\ncontent-disposition: form-data; name="metadata"\r\n\r\n{"a":';
    expect((await send(charm.api, broken, "multipart/form-data; boundary=x")).status).toBe(422);
  });

  it("names an upload that is not there", async () => {
    const metadata = { uac: manifestOf(), repo: {} };
    for (const storage_path of ["", "../etc/passwd", `uploads/${randomUUID()}.tar.gz`, "uploads/x.tar.gz"]) {
      const answer = await charm.api.post("/charm/api/v1/agents", { metadata, storage_path });
      expect(answer.status, answer.text).toBe(404);
    }
  });
});

it("a JSON body without a content type is read", async () => {
  const response = await fetch(`${charm.api.url}/charm/v1/agents`, {
    method: "POST",
    headers: { authorization: `Bearer ${charm.api.key}` },
    body: new Blob([JSON.stringify({ user_id: 5 })]),
  });
  expect(problemsOf(await readAnswer(response))).toEqual(["body.user_id string_type", "body.name missing"]);
});
