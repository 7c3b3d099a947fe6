import { describe, expect, it } from "vitest";
import type { DomainEvent, StoredEvent } from "../../../contract/events.ts";
import { newId, spellId } from "../../../contract/ids.ts";
import { testExecution, testLog } from "../../__fixtures__/operations.ts";
import type { FrameChunk } from "../../frame-cache.ts";
import { failureOf, frames, renderEnd, renderEvent, strictFrames } from "./render-event.ts";
import { streamEventSchema } from "./schemas/event.ts";

const execution = testExecution();
const stored = (event: DomainEvent, seq = 1): StoredEvent => ({
  ...event,
  executionId: execution.id,
  seq,
  attempt: 1,
  step: 0,
  at: 0,
});
const callId = newId();
const call = { callId, name: "lookup", input: { id: 1 } };
const id = spellId("toolCall", callId);

const text = (chunk: FrameChunk) => chunk.bytes.toString();

function dataOf(frame: string | undefined): unknown {
  return JSON.parse(/^id: \d+\ndata: (.*)\n\n$/.exec(frame ?? "")?.[1] ?? "null");
}

describe("renderEvent", () => {
  it.each<[DomainEvent, unknown]>([
    [
      { type: "execution-queued", body: { input: "x" } },
      {
        type: "execution_start",
        executionId: spellId("execution", execution.id),
        agentId: spellId("agent", execution.agentId ?? ""),
        conversationId: spellId("conversation", execution.conversationId ?? ""),
        createdAt: "2026-03-15T10:30:00Z",
      },
    ],
    [
      { type: "text-delta", body: { text: "a\nb" } },
      { type: "text_delta", text: "a\nb" },
    ],
    [{ type: "text-delta", body: { text: "" } }, undefined],
    [
      { type: "reasoning-delta", body: { text: "hm" } },
      { type: "thinking", text: "hm" },
    ],
    [
      { type: "tool-call-started", body: call },
      { type: "tool_call_start", id, name: "lookup", parameters: { id: 1 } },
    ],
    [
      { type: "tool-call-finished", body: { callId, name: "lookup", output: [1], durationMs: 5 } },
      { type: "tool_call_end", id, name: "lookup", result: [1], duration: 5 },
    ],
    [
      {
        type: "tool-call-finished",
        body: { callId, name: "lookup", output: null, error: { code: "cancelled", message: "m" }, durationMs: 5 },
      },
      {
        type: "tool_call_end",
        id,
        name: "lookup",
        result: null,
        duration: 5,
        error: { code: "cancelled", message: "m" },
      },
    ],
    [
      { type: "tool-call-required", body: call },
      { type: "tool_call_required", id, name: "lookup", parameters: { id: 1 } },
    ],
    [{ type: "step-finished", body: { name: "model", durationMs: 1 } }, undefined],
    [{ type: "execution-completed", body: { output: "x" } }, undefined],
  ])("renders %j", (event, expected) => {
    const data = renderEvent(stored(event), execution);
    expect(data).toEqual(expected);
    if (data !== undefined) expect(streamEventSchema.parse(data)).toEqual(data);
  });
});

describe("frames", () => {
  const log = [...testLog(execution.id, ["a"]).slice(0, 2), stored({ type: "tool-call-required", body: call }, 3)];
  it("number each event as the log does, in unnamed frames", () => {
    const all = text(frames.chunk(log, 0, execution));
    expect([...all.matchAll(/^id: (\d+)$/gm)].map(([, number]) => number)).toEqual(["1", "2", "3"]);
    expect(all).not.toMatch(/^event:/m);
  });

  it("leave the two newer types out for strict clients, keeping the numbers", () => {
    expect(text(strictFrames.chunk(log, 0, execution))).toBe('id: 2\ndata: {"type":"text_delta","text":"a"}\n\n');
  });
});

describe("renderEnd", () => {
  it("ends with done on completion and on cancellation", () => {
    const completed = renderEnd(execution, stored({ type: "execution-completed", body: {} }, 9), "req_1");
    expect(completed).toMatch(/^id: 9\n/);
    expect(dataOf(completed)).toEqual({
      type: "done",
      executionId: spellId("execution", execution.id),
      conversationId: spellId("conversation", execution.conversationId ?? ""),
      status: "completed",
      output: "Hello.",
      usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
      timing: { totalMs: 12, firstTokenMs: 3, toolCallMs: 0 },
    });
    const cancelled = renderEnd(execution, stored({ type: "execution-cancelled", body: {} }), "req_1");
    expect(dataOf(cancelled)).toMatchObject({ type: "done", status: "cancelled" });
  });

  it("ends with done where the client is asked to act, whatever has happened since", () => {
    const frame = renderEnd(execution, stored({ type: "wait-started", body: { name: "tools" } }), "req_1");
    expect(dataOf(frame)).toMatchObject({ type: "done", status: "requires_action" });
  });

  it("ends with error on failure", () => {
    const error = { code: "model_unavailable", message: "The model did not answer." } as const;
    const frame = renderEnd(
      testExecution({ status: "failed", error }),
      stored({ type: "execution-failed", body: { error } }),
      "req_1",
    );
    const data = dataOf(frame);
    expect(data).toMatchObject({ type: "error", errorType: "upstream_error", requestId: "req_1", ...error });
    expect(streamEventSchema.parse(data)).toEqual(data);
  });

  it("says nothing to a reader that had seen everything", () => {
    expect(renderEnd(execution, undefined, "req_1")).toBeUndefined();
  });
});

describe("failureOf", () => {
  it("makes the error that a waiting caller gets, with the execution's id", () => {
    expect(failureOf(execution)).toBeUndefined();
    const failed = testExecution({
      status: "failed",
      error: { code: "context_length_exceeded", message: "Too long." },
    });
    expect(failureOf(failed)).toMatchObject({
      code: "context_length_exceeded",
      message: "Too long.",
      executionId: failed.id,
    });
  });
});
