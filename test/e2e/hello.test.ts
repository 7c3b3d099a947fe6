import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenOnLoopback } from "../client/loopback-server.ts";
import { createScriptedModel } from "../support/scripted-model.ts";
import { startProcess } from "./start-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-hello-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function hello(environment: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }> {
  await using script = startProcess("scripts/hello.ts", [], {
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "",
    XDG_CONFIG_HOME: join(folder, "config"),
    RUNYARD_DATA_DIR: join(folder, "data"),
    RUNYARD_PORT: "0",
    ...environment,
  });
  const code = await script.ended;
  return { code, stdout: script.stdout(), stderr: script.stderr() };
}

test("with nothing set up, a local model calls the tool, answers rightly, and the second run makes nothing anew", async () => {
  const first = await hello({});
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr).toContain("local/smollm2-135m: ready");
  expect(first.stdout).toContain("tiny");
  expect(first.stdout).toMatch(/question +How much is 365 times 24\?/);
  expect(first.stdout).toMatch(/tool call +calculator .*365 \* 24/);
  expect(first.stdout).toMatch(/result +.*8760.* ms\)/);
  expect(first.stdout).toMatch(/answer +.*8760/);
  expect(first.stdout).toMatch(/usage +\d+ tokens/);
  expect(first.stdout).toMatch(/timing +\d+ ms/);
  expect(first.stdout).toMatch(/curl -N http:\S+\/v1\/agents\/agt_[0-9a-z]+\/execute/);
  expect(first.stdout).toContain("/docs");

  const second = await hello({});
  expect(second).toMatchObject({ code: 0 });
  expect(second.stderr).not.toContain("downloading");
  expect(second.stdout).toContain("Found the agent");
  expect(agentOf(second.stdout)).toBe(agentOf(first.stdout));
}, 180_000);

test("with a provider set up, that one is asked and nothing is downloaded", async () => {
  await using model = await createScriptedModel();
  const { code, stdout, stderr } = await hello({ OPENAI_API_KEY: "scripted", OPENAI_BASE_URL: model.openAiBaseUrl });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("The agent's model is openai/");
  expect(stdout).toMatch(/answer +You said: How much is 365 times 24\?/);
  expect(model.requests).toHaveLength(1);
  expect(model.requests[0]?.toolNames).toContain("calculator");
});

test("a port that is taken is named, and another one is used", async () => {
  await using model = await createScriptedModel();
  await using other = await listenOnLoopback(() => undefined);
  const port = new URL(other.url).port;
  const { code, stdout } = await hello({ OPENAI_BASE_URL: model.openAiBaseUrl, RUNYARD_PORT: port });
  expect(code).toBe(0);
  expect(stdout).toContain(`Port ${port} is taken`);
  expect(stdout).not.toContain(`at ${other.url}`);
});

function agentOf(text: string): string | undefined {
  return /agt_[0-9a-z]{26}/.exec(text)?.[0];
}
