import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentSchema } from "../../../src/http/dialects/native/schemas/agent.ts";
import { executionSchema } from "../../../src/http/dialects/native/schemas/execution.ts";
import { fileSchema } from "../../../src/http/dialects/native/schemas/file.ts";
import { makeBundle } from "../../support/make-bundle.ts";
import { bodyOf, errorOf, type NativeApi } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

let native: NativePlatform;
beforeAll(async () => {
  native = await startNativePlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

const greeter = {
  "app/main.py": `
def greet(inputs):
    print("looking for a name")
    return {"greeting": "Hello, " + inputs["name"]}
`,
};
const least = { runtime: "code", name: "Greeter", adapter: "python", entryPoint: "app.main:greet" };

async function bundleOf(files: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await makeBundle(files));
}

async function upload(api: NativeApi, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const form = new FormData();
  form.append("file", new Blob([content], { type: "application/gzip" }), "bundle.tar.gz");
  return bodyOf(await api.post("/v1/files", form), 201, fileSchema).id;
}

async function createGreeter(fields: object = {}, files: Record<string, string> = greeter) {
  const bundle = await upload(native.api, await bundleOf(files));
  return bodyOf(await native.api.post("/v1/agents", { ...least, bundle, ...fields }), 201, agentSchema);
}

describe("an agent of user code", () => {
  it("is made of an uploaded bundle, and executed", async () => {
    const agent = await createGreeter();
    expect(agent).toMatchObject({
      runtime: "code",
      lifecycle: "serverless",
      network: null,
      onCrash: "fail",
      version: 1,
    });
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: { name: "Ada" } });
    const execution = bodyOf(answer, 200, executionSchema);
    expect(execution.status).toBe("completed");
    expect(JSON.parse(execution.output)).toEqual({ greeting: "Hello, Ada" });
  });

  it("streams what it prints, and ends with its output", async () => {
    const agent = await createGreeter();
    const request = { input: { name: "Ada" }, stream: true };
    const response = await native.api.open("POST", `/v1/agents/${agent.id}/execute`, request);
    const text = await response.text();
    expect(text).toContain("looking for a name");
    expect(text.match(/"type":"done"/g)).toHaveLength(1);
  });

  it("fails with the program's own word", async () => {
    const agent = await createGreeter(
      {},
      { "app/main.py": "def greet(inputs):\n    raise ValueError('no such name')\n" },
    );
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: { name: "Ada" } });
    expect(answer.status).toBe(502);
    expect(JSON.stringify(answer.body)).toContain("no such name");
  });

  it("gets a new version with a change, and keeps what was not sent", async () => {
    const agent = await createGreeter({ label: "1.0.0", timeoutMs: 5000 });
    const bundle = await upload(
      native.api,
      await bundleOf({ "app/main.py": "def greet(inputs):\n    return 'Bye'\n" }),
    );
    const change = { bundle, label: "1.1.0" };
    const changed = bodyOf(await native.api.patch(`/v1/agents/${agent.id}`, change), 200, agentSchema);
    expect(changed).toMatchObject({ version: 2, label: "1.1.0", timeoutMs: 5000, entryPoint: "app.main:greet" });
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: {} });
    expect(bodyOf(answer, 200, executionSchema).output).toBe("Bye");
  });

  it("runs after its file was deleted", async () => {
    const bundle = await upload(native.api, await bundleOf(greeter));
    const agent = bodyOf(await native.api.post("/v1/agents", { ...least, bundle }), 201, agentSchema);
    await native.api.delete(`/v1/files/${bundle}`);
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: { name: "Bo" } });
    expect(bodyOf(answer, 200, executionSchema).status).toBe("completed");
  });
});

describe("a code agent is refused", () => {
  it("without a bundle that can be unpacked", async () => {
    const bundle = await upload(native.api, new Uint8Array(Buffer.from("no archive at all")));
    const error = errorOf(await native.api.post("/v1/agents", { ...least, bundle }), 422);
    expect(error.message).toMatch(/gzip/i);
    expect(errorOf(await native.api.post("/v1/agents", least), 400).param).toBe("bundle");
    expect(errorOf(await native.api.post("/v1/agents", { ...least, bundle: "file_x" }), 404).param).toBe("bundle");
  });

  it("with another organization's file", async () => {
    const stranger = await native.stranger();
    const bundle = await upload(stranger, await bundleOf(greeter));
    expect(errorOf(await native.api.post("/v1/agents", { ...least, bundle }), 404).code).toBe("file_not_found");
  });

  it("with wrong fields, or fields of a chat agent", async () => {
    const bundle = await upload(native.api, await bundleOf(greeter));
    const create = (fields: object) => native.api.post("/v1/agents", { ...least, bundle, ...fields });
    expect(errorOf(await create({ adapter: "cobol" }), 400).param).toBe("adapter");
    expect(errorOf(await create({ entryPoint: "no colon" }), 400).param).toBe("entryPoint");
    expect(errorOf(await create({ timeoutMs: 1 }), 400).param).toBe("timeoutMs");
    expect(errorOf(await create({ runtime: "quantum" }), 400).param).toBe("runtime");
    const agent = await createGreeter();
    const change = await native.api.patch(`/v1/agents/${agent.id}`, { systemPrompt: "Be brief." });
    expect(errorOf(change, 422).param).toBe("systemPrompt");
  });
});
