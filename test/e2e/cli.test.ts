import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createScriptedModel, type ScriptedModel } from "../support/scripted-model.ts";
import { type RunningProcess, startProcess } from "./start-process.ts";

const folder = mkdtempSync(join(tmpdir(), "runyard-cli-"));
let model: ScriptedModel;
let server: RunningProcess;
let serverUrl: string;

const clientEnvironment = { PATH: process.env.PATH ?? "", HOME: folder, XDG_CONFIG_HOME: join(folder, "config") };

beforeAll(async () => {
  model = await createScriptedModel();
  server = startProcess(
    "src/cli/main.ts",
    ["serve", "--port", "0", "--data-dir", join(folder, "data"), "--log-level", "warn"],
    {
      ...clientEnvironment,
      OPENAI_API_KEY: "scripted",
      OPENAI_BASE_URL: model.openAiBaseUrl,
    },
  );
  serverUrl = (await server.until(/takes work at (\S+)/))[1] ?? "";
  await server.until(/find it by/);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]): RunningProcess {
  return startProcess("src/cli/main.ts", args, clientEnvironment);
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  await using command = start(...args);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** Runs with `--json` and expects success. */
async function runJson(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

async function createAgent(name: string, ...args: string[]): Promise<string> {
  const base = ["--name", name, "--model", "openai/gpt-4.1-mini", "--system-prompt", "Be brief."];
  return (await runJson("agents", "create", ...base, ...args)).id;
}

test("serve leaves a connection file for its owner only, which every other test here relies on", () => {
  const path = join(folder, "config", "runyard", "cli.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { url, apiKey } = JSON.parse(readFileSync(path, "utf8"));
  expect(url).toBe(serverUrl);
  expect(server.stderr()).toContain(apiKey);
});

test("an agent is made from a file, listed, changed, rolled back and deleted", async () => {
  const path = join(folder, "agent.yaml");
  writeFileSync(path, "name: filed\nmodel: openai/gpt-4.1-mini\nsystemPrompt: One.\ntools: [calculator]\n");
  const created = await run("agents", "create", "-f", path);
  expect(created).toMatchObject({ code: 0, stderr: "" });
  expect(created.stdout).toMatch(/^id: +agt_[0-9a-z]{26}$/m);
  expect((await run("agents", "list", "--name", "filed")).stdout).toContain("filed");

  expect(await runJson("agents", "update", "filed", "--system-prompt", "Two.", "--temperature", "0.5")).toMatchObject({
    version: 2,
    systemPrompt: "Two.",
    parameters: { temperature: 0.5 },
  });
  expect((await runJson("agents", "versions", "filed")).data).toHaveLength(2);
  expect(await runJson("agents", "rollback", "filed", "--to", "1")).toMatchObject({ version: 3, systemPrompt: "One." });
  expect((await run("agents", "delete", "filed")).code).toBe(0);
  expect(await run("agents", "show", "filed")).toMatchObject({ code: 3, stdout: "" });
});

test("an agent that the server refuses is exit code 1, with the field at fault", async () => {
  const refused = await run(
    "agents",
    "create",
    "--name",
    "n",
    "--model",
    "m",
    "--system-prompt",
    "p",
    "--temperature",
    "9",
  );
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("parameters.temperature");
});

test("execute streams the answer to stdout and the tool call to stderr", async () => {
  const id = await createAgent("sums", "--tool", "calculator");
  const plain = await run("execute", id, "good morning");
  expect(plain).toMatchObject({ code: 0, stdout: "You said: good morning\n" });
  const called = await run("execute", "sums", 'call calculator {"expression":"6*7"}');
  expect(called.code).toBe(0);
  expect(called.stdout).toContain("42");
  expect(called.stderr).toContain('→ calculator {"expression":"6*7"}');
  expect(called.stderr).toMatch(/← calculator .*42.* ms\)/);
  expect(called.stderr).toMatch(/completed: \d+ tokens/);
});

test("a conversation goes on, is shown and deleted", async () => {
  const id = await createAgent("talker");
  const first = await runJson("execute", id, "one", "--no-stream");
  const second = await runJson("execute", id, "two", "--no-stream", "-c", first.conversationId);
  expect(second.conversationId).toBe(first.conversationId);
  const shown = await run("conversations", "show", first.conversationId);
  expect(shown.stdout).toMatch(/user[^\n]*\none\n[\s\S]*assistant[^\n]*\nYou said: one[\s\S]*user[^\n]*\ntwo/);
  expect((await run("conversations", "delete", first.conversationId)).code).toBe(0);
  expect((await run("conversations", "show", first.conversationId)).code).toBe(3);
});

test("an execution started with --async is watched, shown and restarted", async () => {
  const id = await createAgent("background");
  const started = await run("execute", id, "count 5", "--async");
  const executionId = started.stdout.trim();
  expect(executionId).toMatch(/^exec_/);
  expect(await run("executions", "watch", executionId)).toMatchObject({ code: 0, stdout: "1 2 3 4 5\n" });
  expect((await run("executions", "show", executionId)).stdout).toContain("1 2 3 4 5");
  const again = await runJson("executions", "restart", executionId);
  expect(again.id).not.toBe(executionId);
  expect((await run("executions", "watch", again.id)).stdout).toBe("1 2 3 4 5\n");
  expect((await runJson("executions", "list", "--agent", "background", "--status", "completed")).data).toHaveLength(2);
});

test("Ctrl-C cancels the execution at the server and exits with 130", async () => {
  const id = await createAgent("endless");
  model.once([{ type: "text", text: "On and " }, { type: "stall" }]);
  await using command = start("execute", id, "go on");
  await command.until(/On and/);
  const [, executionId = ""] = await command.until(/(exec_[0-9a-z]+)/);
  command.signal("SIGINT");
  expect(await command.ended).toBe(130);
  expect(await runJson("executions", "show", executionId)).toMatchObject({ status: "cancelled", output: "On and " });
});

test("a client-side tool is answered by --tool-result", async () => {
  const tool = { name: "pick", description: "Picks.", parameters: { type: "object", properties: {} } };
  const id = await createAgent("client-tools", "--tool", JSON.stringify(tool));
  const unanswered = await run("execute", id, "call pick {}");
  expect(unanswered).toMatchObject({ code: 1 });
  expect(unanswered.stderr).toContain("--tool-result 'pick=JSON'");
  const answered = await run("execute", id, "call pick {}", "--tool-result", 'pick={"colour":"green"}');
  expect(answered.code).toBe(0);
  expect(answered.stdout).toContain("green");
  const quiet = await run("execute", id, "call pick {}", "--no-stream", "--tool-result", 'pick="blue"');
  expect(quiet).toMatchObject({ code: 0 });
  expect(quiet.stdout).toContain("blue");
});

test("files go up and come back the same", async () => {
  const path = join(folder, "note.txt");
  writeFileSync(path, "hello\n");
  const { id, size } = await runJson("files", "upload", path, "--type", "text/plain");
  expect(size).toBe(6);
  expect(await run("files", "download", id)).toMatchObject({ code: 0, stdout: "hello\n" });
  const copy = join(folder, "copy.txt");
  expect((await run("files", "download", id, "-o", copy)).code).toBe(0);
  expect(readFileSync(copy, "utf8")).toBe("hello\n");
  expect((await run("files", "download", id, "-o", copy)).code).toBe(1);
  expect((await run("files", "list")).stdout).toContain("note.txt");
  expect((await run("files", "delete", id)).code).toBe(0);
  expect((await run("files", "download", id)).code).toBe(3);
});

test("a key works until it is revoked, within its scopes", async () => {
  const { key, id } = await runJson("keys", "create", "reader", "--scope", "agents:read");
  const environment = { ...clientEnvironment, RUNYARD_URL: serverUrl, RUNYARD_API_KEY: key };
  const exitOf = async (...args: string[]) => {
    await using command = startProcess("src/cli/main.ts", args, environment);
    return await command.ended;
  };
  expect(await exitOf("agents", "list")).toBe(0);
  expect(await exitOf("keys", "list")).toBe(4);
  expect((await run("keys", "revoke", id)).code).toBe(0);
  expect(await exitOf("agents", "list")).toBe(4);
});

test("webhooks, organizations and usage are reached", async () => {
  const webhook = await runJson(
    "webhooks",
    "create",
    "https://example.com/hook",
    "--event",
    "execution.completed,execution.failed",
  );
  expect(webhook).toMatchObject({ events: ["execution.completed", "execution.failed"], status: "active" });
  expect(await runJson("webhooks", "update", webhook.id, "--status", "disabled")).toMatchObject({ status: "disabled" });
  expect((await run("webhooks", "delete", webhook.id)).code).toBe(0);

  const made = await runJson("organizations", "create", "Tenant", "--plan", "starter", "--credit-limit", "5");
  expect(made).toMatchObject({ name: "Tenant", plan: "starter", creditLimitUsd: 5 });
  expect(await runJson("organizations", "update", made.id, "--no-credit-limit")).toMatchObject({
    creditLimitUsd: null,
  });
  expect((await run("organizations", "list")).stdout).toContain("Tenant");
  expect((await run("usage", "--by", "model")).stdout).toMatch(/MODEL +EXECUTIONS[\s\S]*total/);
});

test("doctor finds the server and its key", async () => {
  const { code, stdout } = await run("doctor", "--json");
  expect(code).toBe(0);
  const { findings } = JSON.parse(stdout);
  expect(findings).toContainEqual(expect.objectContaining({ name: "server", state: "ok" }));
  expect(findings).toContainEqual(expect.objectContaining({ name: "API key", state: "ok" }));
});

test("a second server on the same data directory is refused", async () => {
  const second = await run("serve", "--port", "0", "--data-dir", join(folder, "data"));
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(join(folder, "data"));
});

test("serve drains and exits with 0 on SIGTERM, and its second start keeps the key", async () => {
  const data = join(folder, "other-data");
  const environment = {
    ...clientEnvironment,
    XDG_CONFIG_HOME: join(folder, "other-config"),
    OPENAI_BASE_URL: model.openAiBaseUrl,
  };
  const args = ["serve", "--port", "0", "--data-dir", data, "--log-level", "warn"];
  for (const isFirst of [true, false]) {
    await using other = startProcess("src/cli/main.ts", args, environment);
    await other.until(/find it by/);
    expect(other.stderr().includes("The first API key")).toBe(isFirst);
    await using list = startProcess("src/cli/main.ts", ["agents", "list"], environment);
    expect(await list.ended).toBe(0);
    other.signal("SIGTERM");
    expect(await other.ended).toBe(0);
  }
});

test("migrate makes the tables of a new data directory, and is content with them the second time", async () => {
  for (let time = 1; time <= 2; time += 1) {
    expect(await run("migrate", "--data-dir", join(folder, "migrated"))).toMatchObject({ code: 0 });
  }
  expect(statSync(join(folder, "migrated")).isDirectory()).toBe(true);
});
