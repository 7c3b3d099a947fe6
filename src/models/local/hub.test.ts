import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutbound } from "../../egress/create-outbound.ts";
import type { Outbound } from "../../egress/outbound.ts";
import { findLocalModel } from "./catalogue.ts";
import { listModels } from "./list-models.ts";
import { pullModel } from "./pull-model.ts";
import type { PullProgress } from "./pull-progress.ts";
import { removeModel } from "./remove-model.ts";

/** Answers like the hub: a redirect that names the hash and leads to a store which takes ranges. */
class StandInHub implements AsyncDisposable {
  readonly requests: string[] = [];
  file: Buffer = randomBytes(300_000);
  hash: string | undefined;
  /** Bytes after which the store stops sending, once, until `cut` breaks the connection. */
  holdAfter: number | undefined;
  cut: () => void = () => {};
  ignoresRanges = false;
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));
  url = "";

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    this.url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.url} ${request.headers.range ?? "whole"}`);
    if (request.url === "/owner/repo/resolve/main/tiny.gguf") {
      const tag = this.hash ?? createHash("sha256").update(this.file).digest("hex");
      response.writeHead(302, { location: "/store/1", ...(tag === "" ? {} : { "x-linked-etag": `"${tag}"` }) }).end();
    } else if (request.url === "/store/1") this.#serve(request, response);
    else response.writeHead(404).end();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const range = this.ignoresRanges ? undefined : request.headers.range?.match(/^bytes=(\d+)-$/)?.[1];
    const start = Number(range ?? 0);
    if (start >= this.file.length) {
      response.writeHead(416).end();
      return;
    }
    const rest = this.file.subarray(start);
    response.writeHead(range === undefined ? 200 : 206, { "content-length": rest.length, etag: '"not-a-hash"' });
    if (this.holdAfter === undefined) response.end(rest);
    else response.write(rest.subarray(0, this.holdAfter));
    this.holdAfter = undefined;
    this.cut = () => response.destroy();
  }
}

const name = "local/hf:owner/repo/tiny.gguf";
const { file: fileName } = findLocalModel(name);
let hub: StandInHub;
let dataDir: string;
let outbound: Outbound & AsyncDisposable;

beforeEach(async () => {
  hub = new StandInHub();
  await hub.start();
  dataDir = await mkdtemp(join(tmpdir(), "runyard-hub-"));
  outbound = createOutbound({ allowedHosts: [new URL(hub.url).host] });
});
afterEach(async () => {
  await outbound[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const pull = (more: { onProgress?: (progress: PullProgress) => void; signal?: AbortSignal } = {}): Promise<string> =>
  pullModel(name, { dataDir, outbound, hubUrl: `${hub.url}/`, ...more });

/** The connection breaks once some bytes have arrived. */
const brokenPull = (): Promise<string> => {
  hub.holdAfter = 100_000;
  return pull({
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 0) hub.cut();
    },
  });
};

describe("pulling from the hub", () => {
  it("stores the checked file, says how far it is, and needs no network the second time", async () => {
    const seen: PullProgress[] = [];
    const path = await pull({ onProgress: (progress) => seen.push(progress) });
    expect((await readFile(path)).equals(hub.file)).toBe(true);
    expect(await readdir(join(dataDir, "models"))).toEqual([fileName, `${fileName}.json`]);
    expect(seen[0]).toEqual({ phase: "downloading", bytesDone: 0, bytesTotal: 300_000 });
    expect(new Set(seen.map((progress) => progress.phase))).toEqual(new Set(["downloading", "checking", "ready"]));
    expect(seen.filter((progress) => progress.phase === "downloading").at(-1)?.bytesDone).toBe(300_000);
    const asked = hub.requests.length;
    expect(await pull()).toBe(path);
    expect(hub.requests.length).toBe(asked);
  });

  it("goes on where a broken download ended", async () => {
    await expect(brokenPull()).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
    const kept = (await readFile(join(dataDir, "models", `${fileName}.part`))).length;
    expect(kept).toBeGreaterThan(0);
    const path = await pull();
    expect(hub.requests.at(-1)).toBe(`/store/1 bytes=${kept}-`);
    expect((await readFile(path)).equals(hub.file)).toBe(true);
  });

  it("begins again when the hub has another file by now, or takes no ranges", async () => {
    await expect(brokenPull()).rejects.toMatchObject({ code: "model_unavailable" });
    hub.file = randomBytes(200_000);
    expect((await readFile(await pull())).equals(hub.file)).toBe(true);
    await removeModel(name, { dataDir });
    hub.ignoresRanges = true;
    await expect(brokenPull()).rejects.toMatchObject({ code: "model_unavailable" });
    expect((await readFile(await pull())).equals(hub.file)).toBe(true);
  });

  it("finishes a download that was whole but not yet in its place", async () => {
    const path = await pull();
    const hash = createHash("sha256").update(hub.file).digest("hex");
    await removeModel(name, { dataDir });
    await writeFile(`${path}.part`, hub.file);
    await writeFile(`${path}.part.json`, JSON.stringify({ sha256: hash }));
    expect(await pull()).toBe(path);
    expect(hub.requests.at(-1)).toBe("/store/1 bytes=300000-");
  });

  it("deletes a file that is not what the hub said", async () => {
    hub.hash = "0".repeat(64);
    await expect(pull()).rejects.toThrow(/expected 0{64}/);
    expect((await readdir(join(dataDir, "models"))).filter((file) => !file.endsWith(".json"))).toEqual([]);
  });

  it("takes nothing that cannot be checked", async () => {
    hub.hash = "";
    await expect(pull()).rejects.toThrow(/no SHA-256/);
  });

  it("keeps what it has when it is cancelled", async () => {
    const abort = new AbortController();
    const pulling = pull({
      signal: abort.signal,
      onProgress: ({ bytesDone }) => {
        if (bytesDone > 0) abort.abort();
      },
    });
    await expect(pulling).rejects.toMatchObject({ code: "cancelled" });
    expect((await readFile(await pull())).equals(hub.file)).toBe(true);
  });

  it("says what to do when there is no such file, and when the hub cannot be reached", async () => {
    await expect(pullModel("hf:owner/repo/other.gguf", { dataDir, outbound, hubUrl: hub.url })).rejects.toMatchObject({
      code: "model_unavailable",
      retryable: false,
      message: expect.stringMatching(/404/),
    });
    await hub[Symbol.asyncDispose]();
    const failure = pull();
    await expect(failure).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
    await expect(failure).rejects.toThrow(/HF_ENDPOINT.*runyard models pull.*OLLAMA_BASE_URL.*OPENAI_API_KEY/s);
    await hub.start();
  });

  it("is listed and removed with all that belongs to it", async () => {
    expect((await listModels({ dataDir })).every((model) => model.path === undefined)).toBe(true);
    const path = await pull();
    const listed = (await listModels({ dataDir })).find((model) => model.name === name);
    expect(listed).toMatchObject({ path, bytes: 300_000 });
    expect(await removeModel(name, { dataDir })).toBeGreaterThan(300_000);
    expect(await readdir(join(dataDir, "models"))).toEqual([]);
    expect(await removeModel(name, { dataDir })).toBe(0);
  });
});
