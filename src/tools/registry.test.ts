import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startToolServer, type ToolServer } from "../../test/support/tool-server.ts";
import { RunyardError } from "../contract/errors.ts";
import { newId, spellId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import type { ToolDefinition } from "../contract/tool.ts";
import { createOutbound } from "../egress/create-outbound.ts";
import type { Outbound } from "../egress/outbound.ts";
import type { AttachedStore, MemoryAccess, MemoryStoreRef, NewMemoryEntry } from "./memory-access.ts";
import { createTools, type Tools, type ToolsOptions } from "./registry.ts";
import type { AskModel, Tool, ToolContext, ToolResult } from "./tool.ts";

const organizationId = newId();
const executionId = newId();
const callId = newId();
const idle = new AbortController().signal;
let server: ToolServer;
let outbound: Outbound & AsyncDisposable;
let tools: Tools;
let memory: RecordingMemory;
let faults: unknown[];

/** Memory stores as a list in memory, with what was asked of them. */
class RecordingMemory implements MemoryAccess {
  readonly calls: [string, MemoryStoreRef, ...unknown[]][] = [];
  failure: unknown;

  async search(store: MemoryStoreRef, query: string, limit: number): Promise<MemoryEntry[]> {
    this.calls.push(["search", store, query, limit]);
    if (this.failure !== undefined) throw this.failure;
    return [makeEntry(store, "likes tea", "drink"), makeEntry(store, "lives in Rome", null)];
  }

  async write(store: MemoryStoreRef, entry: NewMemoryEntry): Promise<MemoryEntry> {
    this.calls.push(["write", store, entry]);
    return makeEntry(store, entry.content, entry.key ?? null);
  }

  async delete(store: MemoryStoreRef, entryId: string): Promise<boolean> {
    this.calls.push(["delete", store, entryId]);
    return true;
  }
}

function makeEntry({ storeId }: MemoryStoreRef, content: string, key: string | null): MemoryEntry {
  const times = { createdAt: 0, updatedAt: 0 };
  return { id: entryId, storeId, key, content, metadata: {}, sourceExecutionId: undefined, score: 0.5, ...times };
}

const entryId = newId();

function makeStore(name: string, writable: boolean): AttachedStore {
  return { id: newId(), name, description: `about ${name}`, writable };
}

function httpDefinition(name: string): ToolDefinition {
  const parameters: JsonObject = { type: "object", properties: { n: { type: "number" } } };
  const timing = { timeoutMs: 5000, retries: 0, effect: "idempotent" as const };
  return { type: "http", name, description: "d", parameters, handler: `${server.url}/h`, ...timing };
}

function clientDefinition(name: string, parameters: JsonObject): ToolDefinition {
  return { type: "client", name, description: "", parameters };
}

async function resolve(
  definitions: ToolDefinition[],
  memoryStores: AttachedStore[] = [],
): Promise<{ tools: Tool[]; problems: string[] }> {
  return await tools.resolve(definitions, { organizationId, signingSecret: "s", memoryStores, signal: idle });
}

async function call(
  tool: Tool | undefined,
  input: JsonObject,
  context: Partial<ToolContext> = {},
): Promise<ToolResult> {
  if (tool?.runs !== "server") throw new Error("expected a tool that the server runs");
  return await tool.call(input, {
    callId,
    organizationId,
    agentId: newId(),
    executionId,
    conversationId: newId(),
    metadata: {},
    session: {},
    signal: idle,
    ...context,
  });
}

async function validate(input: JsonObject): Promise<ToolResult> {
  const [validator] = (await resolve([{ type: "built-in", name: "json_validator" }])).tools;
  return await call(validator, input);
}

async function summarize(askModel: AskModel | undefined): Promise<ToolResult> {
  const [summarizer] = (await resolve([{ type: "built-in", name: "text_summarizer" }])).tools;
  return await call(summarizer, { text: "long text", maxWords: 20 }, { askModel });
}

async function failing(): Promise<string> {
  throw new RunyardError("model_unavailable", "The model did not answer.");
}

function build(options: Partial<ToolsOptions> = {}): Tools {
  return createTools({ outbound, search: {}, memory, reportFault: (fault) => faults.push(fault), ...options });
}

beforeEach(async () => {
  server = await startToolServer({ secret: "s" });
  outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
  memory = new RecordingMemory();
  faults = [];
  tools = build();
});

afterEach(async () => {
  await tools[Symbol.asyncDispose]();
  await outbound[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("resolving", () => {
  it("gives each kind of tool, in order, memory tools last", async () => {
    const definitions: ToolDefinition[] = [
      httpDefinition("lookup"),
      { type: "client", name: "ask_user", description: "d", parameters: { type: "object", required: ["q"] } },
      { type: "built-in", name: "calculator" },
    ];
    const resolved = await resolve(definitions, [makeStore("notes", true)]);
    expect(resolved.problems).toEqual([]);
    expect(resolved.tools.map(({ name, runs }) => [name, runs])).toEqual([
      ["lookup", "server"],
      ["ask_user", "client"],
      ["calculator", "server"],
      ["memory_search", "server"],
      ["memory_write", "server"],
      ["memory_delete", "server"],
    ]);
    expect(await call(resolved.tools[0], { n: 1 })).toEqual({ output: { ok: true, number: 1 } });
    expect(server.ledger[0]?.signature).toBe("valid");
    expect(resolved.tools[1]?.check({})).toContain('the field "q" is missing');
  });

  it("goes on without an MCP server that is down", async () => {
    const url = `${server.url}/mcp?status=500`;
    const definitions: ToolDefinition[] = [
      { type: "mcp", name: "desk", url, headers: {}, timeoutMs: 5000, effect: "idempotent" },
      { type: "built-in", name: "calculator" },
    ];
    const resolved = await resolve(definitions);
    expect(resolved.tools.map(({ name }) => name)).toEqual(["calculator"]);
    expect(resolved.problems).toEqual([expect.stringContaining("The MCP server desk gives no tools")]);
  });

  it("keeps the agent's own tool when a memory tool has the same name", async () => {
    const resolved = await resolve([httpDefinition("memory_search")], [makeStore("notes", false)]);
    expect(resolved.tools.map(({ description }) => description)).toEqual(["d"]);
    expect(resolved.problems).toHaveLength(1);
  });

  it("gives no tool that changes a store which is not writable", async () => {
    const { tools: resolved } = await resolve([], [makeStore("notes", false)]);
    expect(resolved.map(({ name }) => name)).toEqual(["memory_search"]);
  });
});

describe("definitions", () => {
  it("are checked for an agent that is about to be made", () => {
    const problems = tools.findProblems([
      httpDefinition("lookup"),
      clientDefinition("lookup", { type: "object" }),
      clientDefinition("list", { type: "array" }),
      clientDefinition("typo", { type: "object", properties: { a: { type: "strin" } } }),
      { type: "built-in", name: "web_search" },
    ]);
    expect(problems.map(({ param }) => param)).toEqual([
      "tools.1.name",
      "tools.2.parameters.type",
      "tools.3.parameters.properties.a.type",
      "tools.4",
    ]);
  });

  it("may have web_search when a search engine is set", async () => {
    await using searching = build({ search: { braveApiKey: "k" } });
    expect(searching.findProblems([{ type: "built-in", name: "web_search" }])).toEqual([]);
  });
});

describe("memory tools", () => {
  it("work on the only store without naming it", async () => {
    const store = makeStore("notes", true);
    const [search, write, remove] = (await resolve([], [store])).tools;
    const ref = { organizationId, storeId: store.id };
    const id = spellId("memoryEntry", entryId);
    expect(await call(search, { query: "tea", limit: 1 })).toEqual({
      output: { entries: [{ id, key: "drink", content: "likes tea", score: 0.5 }] },
    });
    expect(await call(write, { content: "x", key: "k" })).toEqual({ output: { id, key: "k" } });
    expect(await call(remove, { id })).toEqual({ output: { id, deleted: true } });
    expect(memory.calls).toEqual([
      ["search", ref, "tea", 1],
      ["write", ref, { key: "k", content: "x", sourceExecutionId: executionId, callId }],
      ["delete", ref, entryId],
    ]);
  });

  it("need the name of the store when there are several, and write only where they may", async () => {
    const [shared, own] = [makeStore("shared", false), makeStore("own", true)];
    const [search, write] = (await resolve([], [shared, own])).tools;
    expect((await call(search, { query: "q" })).error?.message).toContain('the field "store" is missing');
    expect((await call(write, { content: "x", store: "shared" })).error?.message).toContain('expected one of ["own"]');
    await call(search, { query: "q", store: "shared" });
    await call(write, { content: "x" });
    expect(memory.calls.map(([verb, { storeId }]) => [verb, storeId])).toEqual([
      ["search", shared.id],
      ["write", own.id],
    ]);
  });

  it("name stores by id where their names are the same", async () => {
    const stores = [makeStore("notes", false), makeStore("notes", false)];
    const [search] = (await resolve([], stores)).tools;
    await call(search, { query: "q", store: spellId("memoryStore", stores[1]?.id ?? "") });
    expect(memory.calls[0]?.[1].storeId).toBe(stores[1]?.id);
  });

  it("refuse an id that is none", async () => {
    const remove = (await resolve([], [makeStore("notes", true)])).tools[2];
    expect((await call(remove, { id: "../1" })).error?.message).toContain("Expected the id of an entry");
    expect(memory.calls).toEqual([]);
  });
});

describe("a call", () => {
  it("ends with the signal's reason, also while a tool does not listen to it", async () => {
    const { promise, resolve: begun } = Promise.withResolvers<void>();
    memory.search = async () => {
      begun();
      return await new Promise<never>(() => {});
    };
    const [search] = (await resolve([], [makeStore("notes", false)])).tools;
    const controller = new AbortController();
    const result = call(search, { query: "q" }, { signal: controller.signal });
    await promise;
    const reason = new Error("cancelled");
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);
  });

  it("gives no output of more than a megabyte", async () => {
    const { error } = await summarize(async () => "x".repeat(1024 * 1024));
    expect(error?.message).toContain("at most 1048576 are allowed");
  });
});

describe("a throw inside a tool", () => {
  it("of an error of ours goes to the model with its message", async () => {
    memory.failure = new RunyardError("memory_store_not_found", "There is no such memory store.");
    const [search] = (await resolve([], [makeStore("notes", false)])).tools;
    expect(await call(search, { query: "q" })).toEqual({
      error: { code: "tool_error", message: "There is no such memory store." },
    });
    expect(faults).toEqual([]);
  });

  it("of anything else is reported and reaches the model without its detail", async () => {
    memory.failure = new Error("password=hunter2");
    const [search] = (await resolve([], [makeStore("notes", false)])).tools;
    const { error } = await call(search, { query: "q" });
    expect(error?.code).toBe("tool_error");
    expect(error?.message).not.toContain("hunter2");
    expect(faults).toEqual([{ tool: "memory_search", error: memory.failure }]);
  });
});

describe("json_validator", () => {
  it("reports each error with its path", async () => {
    const schema = { type: "object", properties: { a: { type: "array", items: { type: "number" } } }, required: ["b"] };
    expect(await validate({ json: '{"a":[1,"x"]}', schema })).toEqual({
      output: {
        valid: false,
        errors: [
          { path: "", message: 'the field "b" is missing' },
          { path: "a[1]", message: 'expected number, came the string "x"' },
        ],
      },
    });
    expect(await validate({ value: { a: [1], b: 1 }, schema })).toEqual({ output: { valid: true, errors: [] } });
    expect(await validate({ value: null, schema: { type: "null" } })).toEqual({ output: { valid: true, errors: [] } });
  });

  it("checks the syntax alone without a schema", async () => {
    expect((await validate({ json: "{" })).output).toMatchObject({ valid: false });
    expect((await validate({ json: "[]" })).output).toMatchObject({ valid: true });
    expect((await validate({ json: `${"[".repeat(5000)}${"]".repeat(5000)}` })).output).toMatchObject({
      errors: [{ path: "", message: "it is nested too deep" }],
    });
  });

  it("says why a schema cannot be used", async () => {
    expect((await validate({ json: "1", schema: { $ref: "https://elsewhere.example/" } })).error?.message).toContain(
      "$ref",
    );
    expect((await validate({})).error?.message).toContain("either json (text) or value");
  });
});

describe("text_summarizer", () => {
  it("asks the agent's model with the text as material", async () => {
    const asked: unknown[] = [];
    const result = await summarize(async (question) => {
      asked.push(question);
      return " short \n";
    });
    expect(result).toEqual({ output: { summary: "short" } });
    expect(asked).toEqual([
      { prompt: "long text", maxTokens: 80, system: expect.stringContaining("at most 20 words") },
    ]);
  });

  it("says so when there is no model or it fails", async () => {
    expect((await summarize(undefined)).error?.message).toContain("needs a model");
    expect((await summarize(failing)).error).toEqual({ code: "tool_error", message: "The model did not answer." });
  });
});
