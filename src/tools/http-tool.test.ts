import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { doubledEffects, startToolServer, type ToolServer } from "../../test/support/tool-server.ts";
import { newId, spellId } from "../contract/ids.ts";
import { createOutbound } from "../egress/create-outbound.ts";
import type { Outbound } from "../egress/outbound.ts";
import { guardTool } from "./guard-tool.ts";
import { createHttpTool, type HttpToolDefinition } from "./http-tool.ts";
import type { ToolClock } from "./tool-clock.ts";
import type { ServerTool, ToolContext } from "./tool.ts";

const secret = "whsec_test";
const ids = {
  callId: newId(),
  organizationId: newId(),
  agentId: newId(),
  executionId: newId(),
  conversationId: newId(),
};
const toolCallId = spellId("toolCall", ids.callId);
let server: ToolServer;
let outbound: Outbound & AsyncDisposable;
let slept: number[];

beforeEach(async () => {
  server = await startToolServer({ secret });
  outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
  slept = [];
});

afterEach(async () => {
  await outbound[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const clock: ToolClock = {
  now: () => 1_700_000_000_000,
  random: () => 0,
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    slept.push(ms);
  },
};

function makeTool(query: string, definition: Partial<HttpToolDefinition> = {}): ServerTool {
  const full: HttpToolDefinition = {
    type: "http",
    name: "book_flight",
    description: "Books.",
    parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
    handler: `${server.url}/book?${query}`,
    timeoutMs: 5_000,
    retries: 0,
    effect: "idempotent",
    ...definition,
  };
  return guardTool(createHttpTool(full, { outbound, clock, signingSecret: secret }), ({ error }) => {
    throw error;
  });
}

function makeContext(signal: AbortSignal = new AbortController().signal): ToolContext {
  return {
    ...ids,
    metadata: { team: "x" },
    session: { user: 7 },
    signal,
  };
}

async function unusedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return address.port;
}

describe("one call", () => {
  it("posts the documented body, signed, and returns the JSON of the answer", async () => {
    const tool = makeTool(new URLSearchParams({ body: '{"seat":"4A"}' }).toString());
    expect(await tool.call({ to: "Rome" }, makeContext())).toEqual({ output: { seat: "4A" } });
    expect(server.ledger).toMatchObject([{ toolCallId, signature: "valid", effect: true }]);
    expect(server.ledger[0]?.body).toEqual({
      toolCallId,
      name: "book_flight",
      parameters: { to: "Rome" },
      agentId: spellId("agent", ids.agentId),
      executionId: spellId("execution", ids.executionId),
      conversationId: spellId("conversation", ids.conversationId),
      metadata: { team: "x" },
      session: { user: 7 },
    });
  });

  it("does not reach the handler with an input that does not fit", async () => {
    const { error } = await makeTool("").call({ to: 5 }, makeContext());
    expect(error?.code).toBe("tool_error");
    expect(error?.message).toContain("to: expected string, came the number 5");
    expect(server.ledger).toEqual([]);
  });

  it.each([
    ["status=404", "status 404"],
    ["status=302", "status 302"],
    ["raw=hello", "no JSON"],
    ["status=204", "no JSON"],
    [`raw=${"[".repeat(200)}${"]".repeat(200)}`, "no JSON"],
  ])("turns the answer %.20s into a tool error", async (query, message) => {
    const { error } = await makeTool(query, { retries: 2 }).call({ to: "Rome" }, makeContext());
    expect(error).toMatchObject({ code: "tool_error", message: expect.stringContaining(message) });
    expect(server.ledger).toHaveLength(1);
  });

  it("refuses an answer over the limit", async () => {
    // The handler answers with what it got: a megabyte and more.
    const big = createHttpToolAnswering(`"${"x".repeat(1024 * 1024)}"`);
    const { error } = await (await big).call({ to: "Rome" }, makeContext());
    expect(error).toMatchObject({ code: "tool_error", message: expect.stringContaining("more than 1048576 bytes") });
  });

  it("refuses an address that the guard does not let through", async () => {
    const guarded = createOutbound();
    onTestFinished(() => guarded[Symbol.asyncDispose]());
    outbound = guarded;
    const { error } = await makeTool("", { retries: 3 }).call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("tool_error");
    expect(error?.message).toContain("cannot be called");
    expect(server.ledger).toEqual([]);
  });
});

async function createHttpToolAnswering(text: string): Promise<ServerTool> {
  const { createServer: createHttpServer } = await import("node:http");
  const plain = createHttpServer((request, response) => {
    request.resume();
    response.end(text);
  });
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    plain.closeAllConnections();
    await new Promise((resolve) => plain.close(resolve));
  });
  const address = plain.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return makeTool("", { handler: `http://127.0.0.1:${address.port}/` });
}

describe("retries", () => {
  it("tries again after a failure with the same call id and a growing delay", async () => {
    const result = await makeTool("fail=2", { retries: 2 }).call({ to: "Rome" }, makeContext());
    expect(result).toEqual({ output: { ok: true, number: 3 } });
    expect(server.ledger.map(({ toolCallId }) => toolCallId)).toEqual([toolCallId, toolCallId, toolCallId]);
    expect(slept).toEqual([125, 250]);
  });

  it("ends with the last failure when the retries are used up", async () => {
    const { error } = await makeTool("fail=3", { retries: 2 }).call({ to: "Rome" }, makeContext());
    expect(error).toMatchObject({ code: "tool_error", message: expect.stringContaining("503") });
    expect(server.ledger).toHaveLength(3);
  });

  it("waits as long as Retry-After asks", async () => {
    await makeTool("fail=1&failStatus=429&retryAfter=7", { retries: 1 }).call({ to: "Rome" }, makeContext());
    expect(slept).toEqual([7000]);
  });

  it("gives up when Retry-After asks for too long", async () => {
    const { error } = await makeTool("fail=1&failStatus=429&retryAfter=3600", { retries: 1 }).call(
      { to: "Rome" },
      makeContext(),
    );
    expect(error?.code).toBe("tool_error");
    expect(server.ledger).toHaveLength(1);
  });

  it.each(["before", "after"])("tries again when the connection was closed %s the body was read", async (when) => {
    const tool = makeTool(`close=${when}&closeFirst=1`, { retries: 1 });
    expect(await tool.call({ to: "Rome" }, makeContext())).toEqual({ output: { ok: true, number: 2 } });
  });

  it("is a timeout when no answer comes in time, for each try", async () => {
    const tool = makeTool("gate=never", { retries: 1, timeoutMs: 100 });
    const { error } = await tool.call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("tool_timeout");
    expect(server.ledger).toHaveLength(2);
  });
});

describe("an effect of once", () => {
  const once = { effect: "once", retries: 3 } as const;

  it("is not sent again after an error status", async () => {
    const { error } = await makeTool("fail=1", once).call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("tool_error");
    expect(server.ledger).toHaveLength(1);
  });

  it.each(["before", "after"])(
    "has an unknown outcome when the connection closes %s the body was read",
    async (when) => {
      const { error } = await makeTool(`close=${when}`, once).call({ to: "Rome" }, makeContext());
      expect(error?.code).toBe("outcome_unknown");
      expect(server.ledger).toHaveLength(1);
      expect(doubledEffects(server.ledger)).toEqual(new Map());
    },
  );

  it.each([502, 504])("has an unknown outcome when a gateway answers %i", async (status) => {
    const { error } = await makeTool(`status=${status}`, once).call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("outcome_unknown");
    expect(server.ledger).toHaveLength(1);
  });

  it("has an unknown outcome when no answer comes in time", async () => {
    const { error } = await makeTool("gate=never", { ...once, timeoutMs: 100 }).call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("outcome_unknown");
    expect(server.ledger).toHaveLength(1);
  });

  it("is tried again while connections are refused, as nothing was sent", async () => {
    const handler = `http://127.0.0.1:${await unusedPort()}/`;
    const { error } = await makeTool("", { ...once, handler }).call({ to: "Rome" }, makeContext());
    expect(error?.code).toBe("tool_error");
    expect(slept).toHaveLength(3);
  });
});

describe("the signal", () => {
  it("ends a call that is under way with its own reason", async () => {
    const controller = new AbortController();
    const call = makeTool("gate=never").call({ to: "Rome" }, makeContext(controller.signal));
    await server.calls(1);
    const reason = new Error("cancelled by a person");
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  it("keeps a call from beginning", async () => {
    const reason = new Error("gone");
    await expect(makeTool("").call({ to: "Rome" }, makeContext(AbortSignal.abort(reason)))).rejects.toBe(reason);
    expect(server.ledger).toEqual([]);
  });
});
