import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { bundleInput, bundleServer } from "../scripts/bundle/bundle-server.ts";
import { createScriptedModel } from "./support/scripted-model.ts";

const folder = ".runyard-test/build-under-test";
const apiKey = "ya_live_sk_key_of_the_build_test";
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "runyard-test-"));
  await bundleServer(folder);
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

function start(file: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [`${folder}/${file}`, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], HOME: home, ...env },
  });
}

async function linesOf(child: ChildProcess): Promise<string[]> {
  if (child.stdout === null) throw new Error("its output is read");
  return await Array.fromAsync(createInterface({ input: child.stdout }));
}

it("executes an agent and stops when asked", async () => {
  await using model = await createScriptedModel();
  const child = start("main.js", [], {
    RUNYARD_DATA_DIR: join(home, "data"),
    RUNYARD_PORT: "0",
    RUNYARD_API_KEY: apiKey,
    OPENAI_API_KEY: "sk-scripted",
    OPENAI_BASE_URL: model.openAiBaseUrl,
  });
  const exited = once(child, "exit");
  try {
    const url = await addressOf(child);
    // A tool's schema is checked by a library that is loaded late, with `require`.
    const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const tool = { name: "weather", description: "Weather of a city.", parameters };
    const definition = { name: "Built", model: "openai/scripted", systemPrompt: "Answer.", tools: [tool] };
    const { id } = z.object({ id: z.string() }).parse(await post(`${url}/v1/agents`, definition));
    const execution = await post(`${url}/v1/agents/${id}/execute`, { input: "Hello" });
    expect(execution).toMatchObject({ status: "completed", output: "You said: Hello" });
  } finally {
    child.kill("SIGTERM");
    await exited;
  }
  expect(child.exitCode).toBe(0);
});

it("has a command line that says its version and explains itself", async () => {
  expect(await linesOf(start("runyard.js", ["--version"]))).toEqual(["0.1.0"]);
  expect((await linesOf(start("runyard.js", ["doctor", "--help"]))).join("\n")).toContain("Usage: runyard doctor");
});

it("puts what is started by file name beside the rest", async () => {
  // Without its parent it has nobody to talk to and ends; a missing library would be an error.
  const child = start("inference-process.js", []);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

it("puts the license of each library beside the libraries, whoever built it where", async () => {
  const text = await readFile(join(folder, "THIRD-PARTY-LICENSES.txt"), "utf8");
  const listed = Array.from(text.matchAll(/^={80}\n(\S+) \d+\.\d+\.\d+\S*\nLicense: \S/gm), ([, name]) => name);
  expect(new Set(listed)).toEqual(new Set([...(await bundledPackages()), "rolldown"]));
  expect(listed).toEqual(listed.toSorted());
  expect(text).toContain("Copyright (c) 2016-present The Fastify"); // from a license file
  expect(text).toContain("Copyright (c) 2014 Brian M. Carlson"); // from a README
  expect(text).not.toContain("node_modules");
  expect(text).not.toContain(process.cwd());
});

/** Names of the packages whose code is in the bundle, as its source maps tell. */
async function bundledPackages(): Promise<Set<string>> {
  await using bundle = await rolldown(bundleInput);
  const { output } = await bundle.generate({ sourcemap: true });
  const sources = output.flatMap((file) => (file.type === "chunk" ? (file.map?.sources ?? []) : []));
  return new Set(sources.flatMap((source) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []));
}

/** The address in the first line that has one. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("its output is read");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error("the server ended without an address");
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return await response.json();
}
