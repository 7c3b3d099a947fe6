import { errorFact, RunyardError } from "../../contract/errors.ts";
import { newId } from "../../contract/ids.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { toolResultsWait } from "../../contract/tool.ts";
import type { Ctx, StepContext } from "../../engine/program.ts";
import type { ModelMessage, ModelToolCall } from "../../models/language-model.ts";
import type { ResolvedTools } from "../../tools/registry.ts";
import type { ToolResult } from "../../tools/tool.ts";
import { type Answer, callModel, type ModelCaller } from "./call-model.ts";
import { callTool } from "./call-tool.ts";
import type { ChatInput, ChatParts } from "./chat-parts.ts";
import { prepareTurn } from "./prepare-turn.ts";
import { fitOutput } from "./structured-output.ts";

const maxModelCalls = 25;
/** A paused execution whose client never answers fails after this long. */
const toolResultPatienceMs = 24 * 60 * 60 * 1000;

/** What `tool-results` is signalled with: every pending call and its result. */
export type ToolResultsSignal = { results: { callId: string; output?: Json; error?: string }[] };

/** A journaled answer. */
type Said = Omit<Answer, "calls"> & { calls: Call[] };
/** Our id, stable over restarts, beside the provider's call. */
type Call = { id: string; model: ModelToolCall; invalid?: string };

/**
 * One turn of a conversation: prepare, then model call, tool calls, model call, until an answer asks for no tool. The
 * output is everything the models said, as it was streamed.
 */
export async function chat(ctx: Ctx, input: ChatInput, parts: ChatParts): Promise<Json> {
  const definition = await parts.readDefinition(ctx.organizationId, input.agentVersionId);
  const { model, fellBack } = parts.resolveModel(input.isTest ? "test/echo" : definition.model);
  const caller: ModelCaller = {
    model,
    definition,
    costOf: parts.costOf,
    holdText: definition.outputSchema !== undefined,
  };
  const stores = await parts.readStores(ctx.organizationId, input.memoryStoreIds);
  const turn = await prepareTurn(ctx, input, { definition, stores, caller, parts });
  const tools = await parts.resolveTools(definition.tools, {
    organizationId: ctx.organizationId,
    signingSecret: definition.tools.some((tool) => tool.type === "http")
      ? await parts.readToolSecret(ctx.organizationId, input.agentId)
      : "",
    memoryStores: stores,
    signal: ctx.signal,
  });
  // Another attempt may find other settings and other servers, so these are said within a step: what stands outside of
  // steps is told from what is in the log by its place.
  const notes = [...(fellBack === undefined ? [] : [fellBack]), ...tools.problems];

  const messages: ModelMessage[] = [...turn.messages];
  let output = "";
  for (let count = 1; count <= maxModelCalls; count += 1) {
    const before = output;
    const answer = (await ctx.step(
      `model-${count}`,
      async (step) => {
        if (count === 1) noteOnce(step, notes);
        const said = await callModel(caller, { system: turn.system, messages, tools: tools.tools }, step, "answer");
        return { ...said, calls: said.calls.map((call) => ({ id: newId(), ...call })) } as unknown as Json;
      },
      definition.outputSchema === undefined ? { end: (said) => endOf(said as unknown as Said, before) } : {},
    )) as unknown as Said;
    output += answer.text;
    if (answer.calls.length === 0) {
      if (definition.outputSchema === undefined) return output;
      return fitOutput(ctx, { schema: definition.outputSchema, caller, parts, turn, messages, answer: answer.text });
    }
    messages.push({
      role: "assistant",
      content: answer.text,
      toolCalls: answer.calls.map((call) => call.model),
      ...(answer.reasoning === undefined ? {} : { reasoning: answer.reasoning }),
    });
    messages.push(...(await runCalls(ctx, count, answer.calls, { input, tools, caller })));
  }
  throw new RunyardError(
    "tool_error",
    `The agent asked for tools in ${maxModelCalls} answers in a row and never came to an end.`,
  );
}

function noteOnce(step: StepContext, notes: readonly string[]): void {
  if (step.earlier.some((event) => event.type === "status-noted")) return;
  for (const text of notes) step.emit({ type: "status-noted", body: { text } });
}

/** An answer without tool calls is the last. */
function endOf(said: Said, before: string): { output: Json } | undefined {
  return said.calls.length === 0 ? { output: before + said.text } : undefined;
}

/** Runs the calls of one answer side by side, asks the client for its own, and gives the results in order. */
async function runCalls(
  ctx: Ctx,
  round: number,
  calls: readonly Call[],
  turn: { input: ChatInput; tools: ResolvedTools; caller: ModelCaller },
): Promise<ModelMessage[]> {
  const toolOf = new Map(turn.tools.tools.map((tool) => [tool.name, tool]));
  const required = calls.filter((call) => {
    const tool = toolOf.get(call.model.name);
    return tool?.runs === "client" && call.invalid === undefined && tool.check(call.model.input) === undefined;
  });
  for (const { id, model } of required) {
    ctx.emit({ type: "tool-call-required", body: { callId: id, name: model.name, input: model.input } });
  }
  const here = calls.filter((call) => !required.includes(call));
  const settled = await Promise.allSettled(
    here.map((call, index) =>
      ctx.step(
        `tool-${round}-${index + 1}`,
        async (step) => (await callTool(call, toolOf.get(call.model.name), ctx, turn, step)) as unknown as Json,
      ),
    ),
  );
  const results = new Map<string, ToolResult>();
  for (const [index, call] of here.entries()) {
    const outcome = settled[index];
    if (outcome?.status !== "fulfilled") throw outcome?.reason; // stopped, or the journal does not match
    results.set(call.id, outcome.value as unknown as ToolResult);
  }
  if (required.length > 0) await askClient(ctx, round, required, results);
  return calls.map(({ id, model }) => {
    const result = results.get(id);
    const failed = result?.error !== undefined;
    return {
      role: "tool",
      callId: model.id,
      name: model.name,
      output: failed ? { error: result.error.message } : (result?.output ?? null),
      isError: failed,
    };
  });
}

async function askClient(
  ctx: Ctx,
  round: number,
  required: readonly Call[],
  results: Map<string, ToolResult>,
): Promise<void> {
  const askedAt = await ctx.step(`asked-${round}`, () => Promise.resolve(Date.now()));
  const answer = await ctx.wait<ToolResultsSignal & JsonObject>(toolResultsWait, {
    until: askedAt + toolResultPatienceMs,
  });
  if (answer === undefined) {
    const error = new RunyardError("tool_timeout", "No results came for the client's tools within 24 hours.");
    for (const { id, model } of required) {
      const durationMs = Math.max(0, Date.now() - askedAt);
      ctx.emit({
        type: "tool-call-finished",
        body: { callId: id, name: model.name, output: null, error: errorFact(error), durationMs },
      });
    }
    throw error;
  }
  for (const { id, model } of required) {
    const given = answer.results.find((result) => result.callId === id);
    const error = given?.error === undefined ? undefined : { code: "tool_error" as const, message: given.error };
    const output = given?.output ?? null;
    results.set(id, error === undefined ? { output } : { error });
    ctx.emit({
      type: "tool-call-finished",
      body: {
        callId: id,
        name: model.name,
        output: error === undefined ? output : null,
        error,
        durationMs: Math.max(0, Date.now() - askedAt),
      },
    });
  }
}
