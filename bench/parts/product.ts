import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { buildServer } from "./build.ts";

/** The whole product as a process of its own, on loopback, with a data directory of its own. */
export interface Product extends AsyncDisposable {
  url: string;
  pid: number;
  /** From the start of the process until `/readyz` answered 200, in milliseconds. */
  readyAfterMs: number;
  headers: Record<string, string>;
  /** Calls the native API. @returns the parsed body. @throws when the status is 400 or more */
  call(method: "GET" | "POST", path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown>;
  /** @returns the new agent's id */
  createAgent(definition?: Record<string, unknown>): Promise<string>;
}

export interface ProductOptions {
  /** The file that starts the server. Default: a build of the sources as they are. */
  main?: string;
  /** Base URL of a server that answers the OpenAI wire. */
  modelUrl?: string;
  /** Default: a new one that is removed at the end. */
  dataDir?: string;
  env?: Record<string, string>;
}

const apiKey = "ya_live_sk_for_benchmarks_on_loopback";
const idSchema = z.object({ id: z.string() });

/** Starts the server and resolves once it takes work; disposing stops it as an operator would. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  await using owned = new AsyncDisposableStack();
  const main = options.main ?? (await buildServer());
  const home = await mkdtemp(join(tmpdir(), "runyard-bench-"));
  owned.defer(() => rm(home, { recursive: true, force: true }));
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      RUNYARD_DATA_DIR: options.dataDir ?? join(home, "data"),
      RUNYARD_PORT: String(port),
      RUNYARD_API_KEY: apiKey,
      RUNYARD_DRAIN_TIMEOUT_MS: "2000",
      ...(options.modelUrl !== undefined && { OPENAI_BASE_URL: options.modelUrl, OPENAI_API_KEY: "sk-scripted" }),
      ...options.env,
    },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + String(chunk)).slice(-2000)));
  const ended = once(child, "exit");
  owned.defer(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await answersReady(url))) {
    if (child.exitCode !== null) throw new Error(`the server ended before it was ready: ${said}`);
    await pause(5);
  }
  const readyAfterMs = performance.now() - startedAt;

  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const call: Product["call"] = async (method, path, body, more) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await request(url + path, { method, headers: { ...headers, ...more }, body: text });
    const answer = await response.body.text();
    if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
    return JSON.parse(answer);
  };
  const kept = owned.move();
  return {
    url,
    pid: child.pid ?? 0,
    readyAfterMs,
    headers,
    call,
    async createAgent(definition) {
      const wanted = { name: "Bench", model: "openai/scripted", systemPrompt: "Answer.", ...definition };
      return idSchema.parse(await call("POST", "/v1/agents", wanted)).id;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/readyz`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
