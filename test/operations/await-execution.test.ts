import { describe, expect, it } from "vitest";
import { RunyardError } from "../../src/contract/errors.ts";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { awaitExecution } from "../../src/operations/await-execution.ts";
import { cancelExecution } from "../../src/operations/cancel-execution.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { executeAgent } from "../../src/operations/execute-agent.ts";
import { getExecution } from "../../src/operations/get-execution.ts";
import { gate } from "../support/gate.ts";
import { modelCalled } from "../support/model-called.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, startTestOperations } from "./test-operations.ts";

const { signal } = new AbortController();

const usage = { inputTokens: 7, outputTokens: 5, cacheReadTokens: 3, cacheWriteTokens: 2, reasoningTokens: 1 };

describe.each(databaseKinds)("awaiting an execution that runs here, on %s", (kind) => {
  it.each([
    ["a plain answer", 100, "stop"],
    ["a call of unknown cost", null, "stop"],
    ["a failure", 100, "fail"],
    ["a cancellation", 100, "cancel"],
  ])("tells of %s what reading it later tells", async (_, cost, ending) => {
    const open = gate();
    const shown = gate();
    const chat: Program = async (ctx) => {
      await ctx.step("model-1", async (step) => {
        step.emit({ type: "text-delta", body: { text: "Hel" } });
        step.emit({ type: "tool-call-started", body: { callId: newId(), name: "find", input: { a: 1 } } });
        step.emit(modelCalled(cost, usage));
        operations.time += 20;
        await step.flush();
        shown.open();
        await Promise.race([open.promise, new Promise((_, reject) => step.signal.addEventListener("abort", reject))]);
        step.emit({ type: "text-delta", body: { text: "lo" } });
        step.emit(modelCalled(200, usage));
        return null;
      });
      operations.time += 30;
      if (ending === "fail") throw new RunyardError("tool_error", "It did not work.");
      return "Hello";
    };
    await using operations = await startTestOperations(kind, { programs: { chat }, run: true });
    const { parts, first } = operations;
    const agent = await createAgent(parts, first, chatDefinition());
    const { id } = await executeAgent(parts, first, agent.id, { input: "Hi", metadata: { ticket: 3 } });
    const awaited = awaitExecution(parts, first, id, signal);
    await shown.promise;
    if (ending === "cancel") await cancelExecution(parts, first, id);
    open.open();
    const outcome = await awaited;
    expect(outcome).toEqual(await getExecution(parts, first, id));
    expect(outcome.status).toBe({ stop: "completed", fail: "failed", cancel: "cancelled" }[ending]);
    expect(outcome.timing.firstTokenMs).toBe(0);
    expect(outcome.metadata).toEqual({ ticket: 3 });
  });
});
