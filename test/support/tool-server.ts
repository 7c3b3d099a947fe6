// The tool-effect ledger: an HTTP tool handler that writes down each call, to find effects that happened twice.
// Use startToolServer in a test, or run it as a process of its own, which survives the server under test:
//   node test/support/tool-server.ts --port 0 --ledger calls.jsonl --secret S
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

/** One call as it arrived. */
export interface LedgerEntry {
  /** 1 for the first call. */
  number: number;
  /** Epoch milliseconds. */
  at: number;
  path: string;
  toolCallId: string | null;
  /** The parsed body; its text when it is no JSON, null when it was never read. */
  body: unknown;
  signature: "valid" | "invalid" | "absent";
  /** Whether the handler did its work: it read the call and did not answer that it failed. */
  effect: boolean;
}

export interface ToolServerOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Each entry is appended here as a line of JSON before the call is answered. */
  ledgerFile?: string;
  /** What the calls should be signed with. */
  secret?: string;
}

/**
 * What a call does is said by the query of the handler's URL, so that it works over a process boundary:
 *
 * - `body=<JSON>` what to answer; default `{"ok":true,"number":<entry>}`. `raw=<text>` answers that text instead.
 * - `status=<code>` default 200; anything but 2xx has no effect.
 * - `fail=<n>` the first n calls with the same tool call id get `failStatus` (default 503), with `retryAfter=<seconds>`.
 * - `delay=<ms>` the effect happens, the answer comes so much later.
 * - `gate=<name>` the effect happens, the answer waits until `POST /_gates/<name>`, or `openGate`.
 * - `close=before` closes the connection without reading the body; `close=after` once the effect has happened.
 * - `closeFirst=<n>` limits `close` to the first n calls with the same tool call id.
 *
 * `GET /_ledger` answers all entries.
 */
export interface ToolServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  readonly ledger: readonly LedgerEntry[];
  openGate(name: string): void;
  /** Resolves when the ledger has this many entries. */
  calls(count: number): Promise<void>;
}

export async function startToolServer(options: ToolServerOptions = {}): Promise<ToolServer> {
  const handler = new LedgerHandler(options);
  const server = createServer((request, response) => {
    handler.handle(request, response).catch(() => response.destroy());
  });
  await listen(server, options.port ?? 0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    ledger: handler.ledger,
    openGate: (name) => handler.openGate(name),
    calls: (count) => handler.calls(count),
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

/** The tool call ids whose work was done more than once, with how often. */
export function doubledEffects(ledger: readonly LedgerEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { toolCallId, effect } of ledger) {
    if (effect && toolCallId !== null) counts.set(toolCallId, (counts.get(toolCallId) ?? 0) + 1);
  }
  return new Map([...counts].filter(([, count]) => count > 1));
}

interface Gate {
  opened: Promise<void>;
  open: () => void;
}

class LedgerHandler {
  readonly ledger: LedgerEntry[] = [];
  readonly #options: ToolServerOptions;
  readonly #gates = new Map<string, Gate>();
  /** Calls by tool call id, or by path where there is none. */
  readonly #counts = new Map<string, number>();
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(options: ToolServerOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://tool-server");
    if (url.pathname === "/_ledger") return answer(response, 200, JSON.stringify(this.ledger));
    if (url.pathname.startsWith("/_gates/")) {
      this.openGate(url.pathname.slice("/_gates/".length));
      return answer(response, 200, "{}");
    }
    await this.#call(request, response, url);
  }

  openGate(name: string): void {
    this.#gateOf(name).open();
  }

  async calls(count: number): Promise<void> {
    if (this.ledger.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    await promise;
  }

  async #call(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { searchParams } = url;
    const toolCallId = headerText(request, "x-ya-tool-call-id");
    const countKey = toolCallId ?? url.pathname;
    const count = (this.#counts.get(countKey) ?? 0) + 1;
    this.#counts.set(countKey, count);
    const close = count <= Number(searchParams.get("closeFirst") ?? "Infinity") ? searchParams.get("close") : null;
    const common = { path: url.pathname, toolCallId };
    if (close === "before") {
      this.#record({ ...common, body: null, signature: "absent", effect: false });
      request.socket.destroy();
      return;
    }
    const text = await readText(request);
    const signature = this.#checkSignature(request, text);
    const failing = count <= Number(searchParams.get("fail") ?? "0");
    const status = Number(failing ? (searchParams.get("failStatus") ?? "503") : (searchParams.get("status") ?? "200"));
    const effect = status >= 200 && status < 300;
    const { number } = this.#record({ ...common, body: parseBody(text), signature, effect });
    const delayMs = Number(searchParams.get("delay") ?? "0");
    if (delayMs > 0) await pause(delayMs);
    const gate = searchParams.get("gate");
    if (gate !== null) await this.#gateOf(gate).opened;
    if (close === "after") {
      request.socket.destroy();
      return;
    }
    const retryAfter = searchParams.get("retryAfter");
    if (failing && retryAfter !== null) response.setHeader("retry-after", retryAfter);
    const body = searchParams.get("raw") ?? searchParams.get("body") ?? JSON.stringify({ ok: effect, number });
    answer(response, status, body);
  }

  #record(entry: Omit<LedgerEntry, "number" | "at">): LedgerEntry {
    const full: LedgerEntry = { number: this.ledger.length + 1, at: Date.now(), ...entry };
    this.ledger.push(full);
    if (this.#options.ledgerFile !== undefined) appendFileSync(this.#options.ledgerFile, `${JSON.stringify(full)}\n`);
    for (const { count, resolve } of this.#waiting) if (this.ledger.length >= count) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => this.ledger.length < count);
    return full;
  }

  /** Written from the receiver's side of the recipe, without the code that signs. */
  #checkSignature(request: IncomingMessage, text: string): LedgerEntry["signature"] {
    const timestamp = headerText(request, "x-ya-webhook-timestamp");
    const signature = headerText(request, "x-ya-webhook-signature");
    if (timestamp === null || signature === null) return "absent";
    const mac = createHmac("sha256", this.#options.secret ?? "");
    const expected = Buffer.from(`sha256=${mac.update(`${timestamp}.${text}`).digest("hex")}`);
    const came = Buffer.from(signature);
    return expected.length === came.length && timingSafeEqual(expected, came) ? "valid" : "invalid";
  }

  #gateOf(name: string): Gate {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = { opened: promise, open: resolve };
      this.#gates.set(name, gate);
    }
    return gate;
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(status === 204 ? undefined : body);
}

function headerText(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      ledger: { type: "string" },
      secret: { type: "string", default: "" },
    },
  });
  const server = await startToolServer({ port: Number(values.port), ledgerFile: values.ledger, secret: values.secret });
  // Whoever started the process reads the address from this line.
  process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
  const stop = (): void => void server[Symbol.asyncDispose]();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

if (import.meta.main) await main();
