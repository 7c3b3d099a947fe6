import { describe, expect, it } from "vitest";
import type { DomainEvent } from "../../contract/events.ts";
import type { ToolEffect } from "../../contract/tool.ts";
import { newId } from "../../contract/ids.ts";
import { AttemptStopped, type Ctx, type StepContext } from "../../engine/program.ts";
import { createTestModel } from "../../models/test-model.ts";
import type { ServerTool, ToolResult } from "../../tools/tool.ts";
import { callTool } from "./call-tool.ts";

const call = { id: newId(), model: { id: "call_1", name: "book", input: { seat: 1 } } };

/** One step of an attempt, after what an earlier attempt has left in the log. */
function setUp(effect: ToolEffect, earlier: readonly DomainEvent[] = []) {
  const emitted: DomainEvent[] = [];
  const stop = new AbortController();
  let calls = 0;
  let work: () => Promise<ToolResult> = () => Promise.resolve({ output: "booked" });
  const tool: ServerTool = {
    name: "book",
    description: "",
    parameters: {},
    effect,
    runs: "server",
    check: () => undefined,
    call: () => {
      calls += 1;
      return work();
    },
  };
  const step: StepContext = {
    signal: stop.signal,
    try: 1,
    key: "key",
    earlier,
    emit: (event) => emitted.push(event),
    flush: () => Promise.resolve(),
  };
  const ctx: Ctx = {
    executionId: newId(),
    organizationId: newId(),
    attempt: 2,
    acceptedAt: 0,
    signal: stop.signal,
    step: () => Promise.reject(new Error("a call is one step")),
    wait: () => Promise.reject(new Error("a call does not wait")),
    emit: () => undefined,
  };
  const input = {
    input: "",
    agentId: newId(),
    agentVersionId: newId(),
    conversationId: newId(),
    session: {},
    memoryStoreIds: [],
    metadata: {},
    isFirst: true,
    isTest: true,
  };
  const caller = { model: createTestModel(), definition: { parameters: {} }, costOf: () => 0, holdText: false };
  return {
    emitted,
    stop,
    calls: () => calls,
    toDo: (next: () => Promise<ToolResult>) => (work = next),
    run: () => callTool(call, tool, ctx, { input, caller }, step),
  };
}

const started: DomainEvent = {
  type: "tool-call-started",
  body: { callId: call.id, name: "book", input: call.model.input },
};
const finished: DomainEvent = {
  type: "tool-call-finished",
  body: { callId: call.id, name: "book", output: "booked before", durationMs: 1 },
};

describe("a tool call after a crash", () => {
  it("is made again when it was under way", async () => {
    const test = setUp("idempotent", [started]);
    expect(await test.run()).toEqual({ output: "booked" });
    expect(test.calls()).toBe(1);
    expect(test.emitted.map(({ type }) => type)).toEqual(["tool-call-finished"]);
  });

  it("is not made again when it may happen once, and its result says that nobody knows", async () => {
    const test = setUp("once", [started]);
    expect(await test.run()).toMatchObject({ error: { code: "outcome_unknown" } });
    expect(test.calls()).toBe(0);
  });

  it.each<ToolEffect>(["once", "idempotent"])("is not made again when its end is in the log (%s)", async (effect) => {
    const test = setUp(effect, [started, finished]);
    expect(await test.run()).toEqual({ output: "booked before" });
    expect(test.calls()).toBe(0);
    expect(test.emitted).toEqual([]);
  });
});

describe("a tool call under way", () => {
  it.each(["cancelled", "handed-back"] as const)("of an attempt that is %s", async (why) => {
    const test = setUp("idempotent");
    const reason = new AttemptStopped(why);
    test.toDo(() => {
      test.stop.abort(reason);
      return Promise.reject(reason);
    });
    await expect(test.run()).rejects.toBe(reason);
    // What is handed back goes on in another attempt.
    const ends = why === "cancelled" ? ["tool-call-started", "tool-call-finished"] : ["tool-call-started"];
    expect(test.emitted.map(({ type }) => type)).toEqual(ends);
  });
});
