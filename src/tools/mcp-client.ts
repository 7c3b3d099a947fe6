import { hash } from "node:crypto";
import type { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Id } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Outbound } from "../egress/outbound.ts";
import { mcpResult } from "./mcp-result.ts";
import { maxOutputBytes, parsePlainJson } from "./plain-json.ts";
import type { ToolClock } from "./tool-clock.ts";
import type { ToolResult } from "./tool.ts";
import { createOutboundFetch, type FetchLike } from "../egress/outbound-fetch.ts";

/** One MCP server as an organization reaches it. Headers are part of who is asking, so they are part of the key. */
export interface McpServer {
  organizationId: Id;
  url: string;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
}

/** A tool as its server describes it; `inputSchema` is what somebody else wrote. */
export interface McpToolInfo {
  name: string;
  description: string;
  inputSchema: JsonObject;
}

export interface McpClient extends AsyncDisposable {
  /**
   * The server's tools, at most a minute old.
   * @throws what the way to the server or its answer has of errors; the signal's reason when it aborts
   */
  list(server: McpServer, signal: AbortSignal): Promise<McpToolInfo[]>;
  /**
   * Calls a tool, sent once; again only when the server no longer knew the session and so did nothing.
   * @throws as `list`
   */
  call(server: McpServer, tool: McpToolInfo, input: JsonObject, signal: AbortSignal): Promise<ToolResult>;
}

const listFreshMs = 60_000;
const maxSessions = 64;
const maxListPages = 16;
const closeTimeoutMs = 2_000;

interface Session {
  client: Client;
  transport: StreamableHTTPClientTransport;
}

/** A session and how many calls are using it; closed once it is retired and nobody is. */
interface HeldSession {
  opening: Promise<Session>;
  users: number;
  retired: boolean;
}

interface Entry {
  session: HeldSession | undefined;
  list: { tools: McpToolInfo[]; at: number } | undefined;
}

/**
 * Sessions with MCP servers over streamable HTTP: opened at the first use, shared by all calls of an organization to the
 * same server with the same headers, the longest unused closed when there are many, all closed at disposal. A session that
 * the server has forgotten, or that did not open, is dropped, and the next use opens another.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
 */
export function createMcpClient(options: { outbound: Outbound; clock: Pick<ToolClock, "now"> }): McpClient {
  return new SharedSessions(options.outbound, options.clock);
}

class SharedSessions implements McpClient {
  readonly #outbound: Outbound;
  readonly #clock: Pick<ToolClock, "now">;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  /** Sessions that are on their way out. */
  readonly #closing = new Set<Promise<void>>();

  constructor(outbound: Outbound, clock: Pick<ToolClock, "now">) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  async list(server: McpServer, signal: AbortSignal): Promise<McpToolInfo[]> {
    const entry = this.#entryOf(server);
    if (entry.list !== undefined && this.#clock.now() - entry.list.at < listFreshMs) return entry.list.tools;
    const answer = await this.#use(server, entry, signal, ({ client }) => {
      return client.listTools(undefined, { timeout: server.timeoutMs, maxTotalTimeout: server.timeoutMs, signal });
    });
    const tools = answer.tools.flatMap(({ name, description, inputSchema }) => {
      // Through JSON text, which is where it came from: a plain copy that is not too deep to look at.
      const schema = parsePlainJson(JSON.stringify(inputSchema));
      if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return [];
      return [{ name, description: description ?? "", inputSchema: schema }];
    });
    entry.list = { tools, at: this.#clock.now() };
    return tools;
  }

  async call(server: McpServer, tool: McpToolInfo, input: JsonObject, signal: AbortSignal): Promise<ToolResult> {
    const answer = await this.#use(server, this.#entryOf(server), signal, ({ client }) =>
      client.callTool(
        { name: tool.name, arguments: input },
        {
          timeout: server.timeoutMs,
          maxTotalTimeout: server.timeoutMs,
          signal,
          // Without an output schema, which the library would compile and run: it is not to be trusted.
          toolDefinition: { name: tool.name, inputSchema: { ...tool.inputSchema, type: "object" } },
        },
      ),
    );
    return mcpResult(tool.name, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#entries.values()) if (session !== undefined) this.#close(session.opening);
    this.#entries.clear();
    await Promise.all(this.#closing);
  }

  #entryOf(server: McpServer): Entry {
    const headers = Object.entries(server.headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = hash("sha256", JSON.stringify([server.organizationId, server.url, headers, server.timeoutMs]));
    const entry = this.#entries.get(key) ?? { session: undefined, list: undefined };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const [oldestKey, oldest] of this.#entries) {
      if (this.#entries.size <= maxSessions) break;
      this.#entries.delete(oldestKey);
      if (oldest.session !== undefined) this.#retire(oldest.session);
    }
    return entry;
  }

  async #use<T>(
    server: McpServer,
    entry: Entry,
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const reused = entry.session !== undefined;
      const held = (entry.session ??= { opening: this.#open(server), users: 0, retired: false });
      held.users += 1;
      try {
        return await work(await held.opening);
      } catch (error) {
        signal.throwIfAborted();
        const lost = isSessionLost(error);
        if (lost || !(await isOpen(held))) {
          if (entry.session === held) entry.session = undefined;
          this.#retire(held);
        }
        if (!(lost && reused && attempt === 1)) throw error;
      } finally {
        held.users -= 1;
        if (held.retired) this.#retire(held);
      }
    }
  }

  async #open(server: McpServer): Promise<Session> {
    // Loaded at the first use: it brings 8 MB that a server without MCP tools never needs.
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      fetch: withoutStandingStream(
        createOutboundFetch(this.#outbound, {
          headersTimeoutMs: server.timeoutMs,
          bodyTimeoutMs: server.timeoutMs,
          maxBodyBytes: 4 * maxOutputBytes,
        }),
      ),
      requestInit: { headers: { ...server.headers } },
      reconnectionOptions: {
        initialReconnectionDelay: 500,
        maxReconnectionDelay: 5_000,
        reconnectionDelayGrowFactor: 2,
        maxRetries: 2,
      },
    });
    const client = new Client(
      { name: "runyard", version: "0.1.0" },
      { versionNegotiation: { mode: "auto" }, listMaxPages: maxListPages },
    );
    try {
      // Not under the signal of one caller: others wait for the same session.
      await client.connect(transport, { timeout: server.timeoutMs });
    } catch (error) {
      await client.close();
      throw error;
    }
    return { client, transport };
  }

  /** Closes the session as soon as no call is using it. */
  #retire(held: HeldSession): void {
    held.retired = true;
    if (held.users === 0) this.#close(held.opening);
  }

  #close(opening: Promise<Session>): void {
    const closing = closeQuietly(opening).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

async function isOpen(held: HeldSession): Promise<boolean> {
  try {
    await held.opening;
    return true;
  } catch {
    return false;
  }
}

/** Tells the server that the session is over, for as long as it takes and at most two seconds. */
async function closeQuietly(opening: Promise<Session>): Promise<void> {
  try {
    const { client, transport } = await opening;
    const timer = setTimeout(() => void client.close(), closeTimeoutMs);
    try {
      await transport.terminateSession();
    } finally {
      clearTimeout(timer);
      await client.close();
    }
  } catch {
    // It never opened, or its server is gone: there is nothing left to close.
  }
}

/**
 * Answers the library's request for a standing stream as a server without one does. We act on nothing that a server says
 * unasked, and it would cost a socket for each session. A GET that resumes a broken answer goes through.
 */
function withoutStandingStream(fetch: FetchLike): FetchLike {
  return async (url, init) => {
    const isStanding = init?.method === "GET" && !new Headers(init.headers).has("last-event-id");
    return isStanding ? new Response(null, { status: 405 }) : await fetch(url, init);
  };
}

/** The server answers 404 to a session that it does not know; it has done nothing then. */
function isSessionLost(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}
