import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseModel } from "../../scripts/hello/choose-model.ts";
import { choosePort } from "../../scripts/hello/choose-port.ts";
import { findHelloKey } from "../../scripts/hello/hello-key.ts";
import { nextSteps } from "../../scripts/hello/next-steps.ts";
import { loadSettings } from "../../src/config/load-settings.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-hello-parts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a port that is taken gives way to any free one", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await choosePort("127.0.0.1", port)).toBe(0);
  await new Promise((resolve) => server.close(resolve));
  expect(await choosePort("127.0.0.1", port)).toBe(port);
});

test("the key of the first start is found again by the second", () => {
  const settings = { dataDir: join(folder, "data") };
  const environment = { XDG_CONFIG_HOME: join(folder, "config") };
  const first = findHelloKey({ url: "http://127.0.0.1:1", firstKey: "ya_live_sk_1" }, settings, environment);
  const path = join(settings.dataDir, "hello.json");
  expect(first).toEqual({ apiKey: "ya_live_sk_1", isRemembered: true, path });
  expect(findHelloKey({ url: "http://127.0.0.1:2" }, settings, environment)).toEqual(first);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a connection file of another server is left alone, and the key is still found again", () => {
  const environment = { XDG_CONFIG_HOME: join(folder, "config") };
  findHelloKey({ url: "http://127.0.0.1:1", firstKey: "ya_live_sk_1" }, { dataDir: join(folder, "one") }, environment);
  const two = { dataDir: join(folder, "two") };
  const expected = { apiKey: "ya_live_sk_2", isRemembered: false, path: join(two.dataDir, "hello.json") };
  expect(findHelloKey({ url: "http://127.0.0.1:2", firstKey: "ya_live_sk_2" }, two, environment)).toEqual(expected);
  expect(findHelloKey({ url: "http://127.0.0.1:2" }, two, environment)).toEqual(expected);
});

test("a key that was set is used and written nowhere; without any the reader is told what to do", () => {
  const environment = { XDG_CONFIG_HOME: join(folder, "config") };
  const dataDir = join(folder, "data");
  const set = findHelloKey({ url: "http://127.0.0.1:1" }, { dataDir, apiKey: "set-by-me" }, environment);
  expect(set).toEqual({ apiKey: "set-by-me", isRemembered: false, path: undefined });
  expect(() => findHelloKey({ url: "http://127.0.0.1:1" }, { dataDir }, environment)).toThrow("Set RUNYARD_API_KEY");
});

test("a provider that is set up is used, and nothing is fetched", async () => {
  expect(await modelWith({})).toBe("local/smollm2-135m");
  expect(await modelWith({ ANTHROPIC_API_KEY: "k" })).toMatch(/^anthropic\//);
  expect(await modelWith({ OPENAI_API_KEY: "k" })).toMatch(/^openai\//);
  expect(await modelWith({ OPENAI_API_KEY: "k", RUNYARD_DEFAULT_MODEL: "local/qwen3-4b" })).toBe("local/qwen3-4b");
});

test("what to try next names the server and, where the command line does not know them, address and key", () => {
  const server = {
    url: "http://127.0.0.1:1",
    apiKey: "k",
    isRemembered: true,
    agentId: "agt_1",
    question: "What's 1?",
  };
  expect(nextSteps(server)).toContain(`-d '{"input":"What'\\''s 1?","stream":true}'`);
  expect(nextSteps(server)).not.toContain("RUNYARD_");
  expect(nextSteps({ ...server, apiKey: "$RUNYARD_API_KEY", keptIn: "/d/hello.json" })).toContain(
    "is in /d/hello.json",
  );
  expect(nextSteps({ ...server, isRemembered: false })).toContain(
    "RUNYARD_URL=http://127.0.0.1:1 RUNYARD_API_KEY=k npm run",
  );
});

async function modelWith(env: Record<string, string>): Promise<string> {
  return chooseModel(await loadSettings({ env, directory: folder }));
}
