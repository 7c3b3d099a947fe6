import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createMcpHandler, McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createOutbound } from "../egress/create-outbound.ts";
import type { Outbound } from "../egress/outbound.ts";
import { guardTool } from "./guard-tool.ts";
import { createMcpClient, type McpClient } from "./mcp-client.ts";
import { adaptName, listMcpTools, type McpDefinition } from "./mcp-tools.ts";
import type { ServerTool, ToolContext } from "./tool.ts";

/** A real MCP server on loopback, in both eras of the protocol. */
interface TestServer extends AsyncDisposable {
  url: string;
  requests: {
    method: string;
    authorization: string | undefined;
    session: string | undefined;
    rpc: string | undefined;
  }[];
  /** Makes the server forget its sessions, as a restart does. */
  forgetSessions(): void;
  /** Resolves when a call of `stall` has arrived. */
  stalled: Promise<void>;
}

function buildServer(onStall: () => void): McpServer {
  const server = new McpServer({ name: "test", version: "1" });
  server.registerTool(
    "addNumbers",
    {
      description: "Adds.",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }], structuredContent: { sum: a + b } }),
  );
  server.registerTool(
    "say",
    { description: "Says.", inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => ({
      content: [
        { type: "text", text },
        { type: "text", text: "!" },
      ],
    }),
  );
  server.registerTool("picture", { inputSchema: z.object({}) }, async () => ({
    content: [{ type: "image", data: "AAAA", mimeType: "image/png" }],
  }));
  server.registerTool("refuse", { inputSchema: z.object({}) }, async () => ({
    content: [{ type: "text", text: "no seats left" }],
    isError: true,
  }));
  server.registerTool("stall", { inputSchema: z.object({}) }, async (_input, { mcpReq }) => {
    onStall();
    await new Promise((resolve) => mcpReq.signal.addEventListener("abort", resolve));
    return { content: [] };
  });
  return server;
}

async function startServer(era: "sessions" | "modern"): Promise<TestServer> {
  const stalled = Promise.withResolvers<void>();
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const requests: TestServer["requests"] = [];
  const modern = createMcpHandler(() => buildServer(stalled.resolve));

  const handle = async (request: Request): Promise<Response> => {
    if (era === "modern") return await modern.fetch(request);
    const known = transports.get(request.headers.get("mcp-session-id") ?? "");
    if (known !== undefined) return await known.handleRequest(request);
    if (request.headers.has("mcp-session-id")) return new Response("no such session", { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    });
    await buildServer(stalled.resolve).connect(transport);
    return await transport.handleRequest(request);
  };

  const http = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, handle, requests).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${portOf(http)}/mcp`,
    requests,
    stalled: stalled.promise,
    forgetSessions: () => transports.clear(),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response>,
  requests: TestServer["requests"],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  requests.push({
    method: incoming.method ?? "",
    authorization: headers.get("authorization") ?? undefined,
    session: headers.get("mcp-session-id") ?? undefined,
    rpc: /"method":"([^"]+)"/.exec(body)?.[1],
  });
  const aborted = new AbortController();
  outgoing.on("close", () => aborted.abort());
  const response = await handle(
    new Request(`http://127.0.0.1${incoming.url}`, {
      method: incoming.method,
      headers,
      signal: aborted.signal,
      ...(body === "" ? {} : { body }),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) outgoing.write(chunk);
  outgoing.end();
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return address.port;
}

let outbound: Outbound & AsyncDisposable;
let client: McpClient;
let server: TestServer;
let now: number;

const idle = new AbortController().signal;

function define(definition: Partial<McpDefinition> = {}): McpDefinition {
  return {
    type: "mcp",
    name: "desk",
    url: server.url,
    headers: { authorization: "Bearer t" },
    timeoutMs: 5_000,
    effect: "idempotent",
    ...definition,
  };
}

function rethrow({ error }: { error: unknown }): never {
  throw error;
}

function countListings(): number {
  return server.requests.filter(({ rpc }) => rpc === "tools/list").length;
}

async function list(
  definition: McpDefinition,
  signal = idle,
): Promise<{ tools: Map<string, ServerTool>; problems: string[] }> {
  const { works, problems } = await listMcpTools(definition, "org", client, new Set(), signal);
  return { tools: new Map(works.map((work) => [work.name, guardTool(work, rethrow)])), problems };
}

function makeContext(signal: AbortSignal = idle): ToolContext {
  return {
    callId: "tc_1",
    organizationId: "org",
    agentId: "a",
    executionId: "e",
    conversationId: "c",
    metadata: {},
    session: {},
    signal,
  };
}

beforeEach(() => {
  now = 0;
  outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
  client = createMcpClient({ outbound, clock: { now: () => now } });
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await outbound[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe.each(["sessions", "modern"] as const)("a server of the era %s", (era) => {
  beforeEach(async () => {
    server = await startServer(era);
  });

  it("gives its tools under adapted names, with the agent's headers", async () => {
    const { tools, problems } = await list(define());
    expect([...tools.keys()]).toEqual(["desk_add_numbers", "desk_say", "desk_picture", "desk_refuse", "desk_stall"]);
    expect(tools.get("desk_add_numbers")).toMatchObject({
      description: "Adds.",
      parameters: { type: "object", required: ["a", "b"] },
    });
    expect(problems).toEqual([]);
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer t"]));
  });

  it("gives only the allowed tools and says which of them it has not", async () => {
    const { tools, problems } = await list(define({ allowedTools: ["say", "fly"] }));
    expect([...tools.keys()]).toEqual(["desk_say"]);
    expect(problems).toEqual(["The MCP server desk has no tool fly."]);
  });

  it("returns structured content, else text, else the content blocks", async () => {
    const { tools } = await list(define());
    const call = (name: string, input: { [key: string]: string | number }) =>
      tools.get(name)?.call(input, makeContext());
    expect(await call("desk_add_numbers", { a: 2, b: 3 })).toEqual({ output: { sum: 5 } });
    expect(await call("desk_say", { text: "hi" })).toEqual({ output: "hi\n!" });
    expect(await call("desk_picture", {})).toEqual({
      output: [{ type: "image", data: "AAAA", mimeType: "image/png" }],
    });
  });

  it("turns an answer marked as an error into a failure with its text", async () => {
    const { tools } = await list(define());
    expect(await tools.get("desk_refuse")?.call({}, makeContext())).toEqual({
      error: { code: "tool_error", message: "no seats left" },
    });
  });

  it("checks inputs before they are sent", async () => {
    const { tools } = await list(define());
    const before = server.requests.length;
    const result = await tools.get("desk_say")?.call({ text: 1 }, makeContext());
    expect(result?.error?.message).toContain("text: expected string");
    expect(server.requests).toHaveLength(before);
  });

  it.each([
    ["idempotent", "tool_timeout"],
    ["once", "outcome_unknown"],
  ] as const)("ends a call that gets no answer in time, with the effect %s, as %s", async (effect, code) => {
    const { tools } = await list(define({ timeoutMs: 600, effect }));
    const result = await tools.get("desk_stall")?.call({}, makeContext());
    expect(result?.error?.code).toBe(code);
    expect(server.requests.filter(({ rpc }) => rpc === "tools/call")).toHaveLength(1);
  });

  it("stops a call when the signal aborts", async () => {
    const { tools } = await list(define());
    const controller = new AbortController();
    const call = tools.get("desk_stall")?.call({}, makeContext(controller.signal));
    await server.stalled;
    const reason = new Error("cancelled");
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  it("is asked for its list once a minute", async () => {
    await list(define());
    await list(define());
    expect(countListings()).toBe(1);
    now = 60_000;
    await list(define());
    expect(countListings()).toBe(2);
  });

  it("opens no standing stream", async () => {
    await list(define());
    expect(server.requests.filter(({ method }) => method === "GET")).toEqual([]);
  });

  it("that went away gives a tool error for a call and a problem for a listing", async () => {
    const { tools } = await list(define());
    await server[Symbol.asyncDispose]();
    expect((await tools.get("desk_say")?.call({ text: "hi" }, makeContext()))?.error?.code).toBe("tool_error");
    now = 60_000;
    const again = await list(define());
    expect(again.tools.size).toBe(0);
    expect(again.problems[0]).toMatch(/^The MCP server desk gives no tools: /);
  });
});

describe("sessions", () => {
  beforeEach(async () => {
    server = await startServer("sessions");
  });

  it("are shared by calls and ended with a DELETE at disposal", async () => {
    const { tools } = await list(define());
    await tools.get("desk_say")?.call({ text: "a" }, makeContext());
    await tools.get("desk_say")?.call({ text: "b" }, makeContext());
    const ids = new Set(server.requests.flatMap(({ session }) => (session === undefined ? [] : [session])));
    expect(ids.size).toBe(1);
    await client[Symbol.asyncDispose]();
    expect(server.requests.at(-1)).toMatchObject({ method: "DELETE", session: [...ids][0] });
  });

  it("outlive a call in them that gets no answer", async () => {
    const { tools } = await list(define({ timeoutMs: 600 }));
    await tools.get("desk_stall")?.call({}, makeContext());
    expect(await tools.get("desk_say")?.call({ text: "hi" }, makeContext())).toEqual({ output: "hi\n!" });
    expect(server.requests.filter(({ rpc }) => rpc === "initialize")).toHaveLength(1);
  });

  it("that the server forgot are opened anew, and the call is sent once in the new one", async () => {
    const { tools } = await list(define({ effect: "once" }));
    server.forgetSessions();
    expect(await tools.get("desk_say")?.call({ text: "hi" }, makeContext())).toEqual({ output: "hi\n!" });
  });

  it("are not shared by organizations or other headers", async () => {
    await listMcpTools(define(), "org-a", client, new Set(), idle);
    await listMcpTools(define(), "org-b", client, new Set(), idle);
    await listMcpTools(define({ headers: { authorization: "Bearer u" } }), "org-b", client, new Set(), idle);
    expect(server.requests.filter(({ rpc }) => rpc === "initialize")).toHaveLength(3);
  });

  it("cannot be opened past the address guard", async () => {
    const guarded = createOutbound();
    client = createMcpClient({ outbound: guarded, clock: { now: () => 0 } });
    const { tools, problems } = await list(define());
    await guarded[Symbol.asyncDispose]();
    expect(tools.size).toBe(0);
    expect(problems).toHaveLength(1);
    expect(server.requests).toEqual([]);
  });

  it("give way to names that are taken", async () => {
    const taken = new Set(["desk_say"]);
    const { works } = await listMcpTools(define({ allowedTools: ["say"] }), "org", client, taken, idle);
    expect(works.map(({ name }) => name)).toEqual(["desk_say_2"]);
  });
});

it("adapts any name to ours", async () => {
  server = await startServer("modern");
  expect(adaptName("desk", "get-Weather.now")).toBe("desk_get_weather_now");
  expect(adaptName("desk", "étoile")).toBe("desk_toile");
  expect(adaptName("desk", "x".repeat(100))).toHaveLength(64);
});
