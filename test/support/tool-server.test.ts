import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { doubledEffects, startToolServer } from "./tool-server.ts";

const post = (url: string, callId: string): Promise<Response> =>
  fetch(url, { method: "POST", body: "{}", headers: { "x-ya-tool-call-id": callId } });

it("finds an effect that happened twice, and no failure among them", async () => {
  await using server = await startToolServer();
  await post(`${server.url}/t`, "a");
  await post(`${server.url}/t?fail=1`, "b");
  await post(`${server.url}/t?fail=1`, "b");
  expect(doubledEffects(server.ledger)).toEqual(new Map());
  await post(`${server.url}/t`, "a");
  expect(doubledEffects(server.ledger)).toEqual(new Map([["a", 2]]));
});

it("counts the effect of a call whose answer was lost or is held back", async () => {
  await using server = await startToolServer();
  await expect(post(`${server.url}/t?close=before`, "a")).rejects.toThrow();
  await expect(post(`${server.url}/t?close=after`, "a")).rejects.toThrow();
  const held = post(`${server.url}/t?gate=g`, "a");
  await server.calls(3);
  expect(server.ledger.map(({ effect }) => effect)).toEqual([false, true, true]);
  server.openGate("g");
  expect((await held).status).toBe(200);
  expect(doubledEffects(server.ledger)).toEqual(new Map([["a", 2]]));
});

it("runs as a process of its own and keeps its ledger in a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tool-server-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "calls.jsonl");
  const child = spawn(process.execPath, ["test/support/tool-server.ts", "--port", "0", "--ledger", file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const line = await new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
  await post(`${url}/t`, "a");
  expect(JSON.parse((await readFile(file, "utf8")).trim())).toMatchObject({ number: 1, toolCallId: "a", effect: true });
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
});
