import { describe, expect, it } from "vitest";
import { newId, spellId } from "../../../contract/ids.ts";
import { testExecution } from "../../__fixtures__/operations.ts";
import { renderCancelled, renderExecution, wireStatus } from "./render-execution.ts";
import { executionSchema } from "./schemas/execution.ts";

const pending = { id: newId(), name: "ask", input: {}, output: null, error: undefined, durationMs: null };

describe("renderExecution", () => {
  it("has the fields of the sample, in the words of the sample", () => {
    const callId = newId();
    const execution = testExecution({
      output: "I'd be happy to help.",
      metadata: { source: "web-chat" },
      toolCalls: [
        {
          id: callId,
          name: "lookup_order",
          input: { orderId: "ORD-12345" },
          output: { status: "shipped" },
          error: undefined,
          durationMs: 234,
        },
      ],
      usage: { inputTokens: 142, outputTokens: 89, cacheReadTokens: 0, cacheWriteTokens: 50, reasoningTokens: 7 },
      timing: { totalMs: 1234, firstTokenMs: 89, toolCallMs: 234 },
    });
    const wire = renderExecution(execution);
    expect(wire).toEqual({
      id: expect.stringMatching(/^exec_[0-9a-z]{26}$/),
      agentId: expect.stringMatching(/^agt_/),
      conversationId: expect.stringMatching(/^conv_/),
      status: "completed",
      input: "Hello?",
      output: "I'd be happy to help.",
      toolCalls: [
        {
          id: spellId("toolCall", callId),
          name: "lookup_order",
          parameters: { orderId: "ORD-12345" },
          result: { status: "shipped" },
          duration: 234,
        },
      ],
      usage: { inputTokens: 142, outputTokens: 89, totalTokens: 231, cacheReadTokens: 0, cacheWriteTokens: 50 },
      timing: { totalMs: 1234, firstTokenMs: 89, toolCallMs: 234 },
      metadata: { source: "web-chat" },
      createdAt: "2026-03-15T10:30:00Z",
      completedAt: "2026-03-15T10:30:01Z",
    });
    expect(executionSchema.parse(wire)).toEqual(wire);
  });

  it("never has a null output, and shows structured output as JSON", () => {
    expect(renderExecution(testExecution({ output: null })).output).toBe("");
    expect(renderExecution(testExecution({ output: { a: 1 } })).output).toBe('{"a":1}');
  });

  it("shows the error of a failed execution and of a failed tool call", () => {
    const error = { code: "tool_timeout", message: "No answer in 10 s." } as const;
    const wire = renderExecution(
      testExecution({
        status: "failed",
        error,
        toolCalls: [{ ...pending, output: "late", error, durationMs: 10_000 }],
      }),
    );
    expect(wire.error).toEqual({ type: "upstream_error", ...error });
    expect(wire.toolCalls[0]).toMatchObject({ result: null, duration: 10_000, error });
  });
});

describe("wireStatus", () => {
  it.each([
    ["queued", [], "running"],
    ["running", [pending], "running"],
    ["waiting", [pending], "requires_action"],
    ["waiting", [], "running"],
    ["completed", [], "completed"],
    ["failed", [], "failed"],
    ["cancelled", [pending], "cancelled"],
  ] as const)("shows %s with calls %j as %s", (status, toolCalls, shown) => {
    expect(wireStatus({ status, toolCalls: [...toolCalls] })).toBe(shown);
  });
});

describe("renderCancelled", () => {
  it("has exactly the four keys, and three of usage", () => {
    const usage = { inputTokens: 142, outputTokens: 34, cacheReadTokens: 5, cacheWriteTokens: 6, reasoningTokens: 0 };
    const wire = renderCancelled(testExecution({ status: "cancelled", output: "Partial", usage }));
    expect(wire).toEqual({
      id: expect.stringMatching(/^exec_/),
      status: "cancelled",
      output: "Partial",
      usage: { inputTokens: 142, outputTokens: 34, totalTokens: 176 },
    });
  });
});
