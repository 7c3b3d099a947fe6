import type { ChatDefinition } from "../../contract/agent.ts";
import type { EventOf } from "../../contract/events.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { Usage } from "../../contract/usage.ts";
import type { StepContext } from "../../engine/program.ts";
import { estimateTokens } from "../../models/estimate-tokens.ts";
import type {
  FinishReason,
  LanguageModel,
  ModelMessage,
  ModelRequest,
  ModelToolCall,
} from "../../models/language-model.ts";
import type { ToolOffer } from "../../tools/tool.ts";

export interface ModelCaller {
  model: LanguageModel;
  definition: Pick<ChatDefinition, "parameters" | "outputSchema">;
  costOf(modelId: string, usage: Usage): number | null;
  /** Text is not shown as it comes: what the output will be is known only later. */
  holdText: boolean;
}

/** What a model said in one step. */
export interface Answer {
  /** Complete, whichever of several calls its pieces came from. */
  text: string;
  calls: { model: ModelToolCall; invalid?: string }[];
  finishReason: FinishReason;
  reasoning?: Json[];
}

type Purpose = EventOf<"model-called">["body"]["purpose"];

/** Calls for one answer, the first included, when answers break off after something of them was shown. */
const maxCalls = 4;

const goOn =
  "Your last message was cut off by a lost connection. Go on from exactly where it ends. Do not repeat any of it, and do not comment on this.";

/**
 * Gets one answer, showing its text as it comes. An answer that breaks off is continued, not begun again: what was shown
 * (by this call, by an earlier try, or before a crash) stays and goes to the model as the start of its own answer.
 * Each call is noted with its tokens, broken ones too, counted by us where the provider gives no count.
 *
 * @throws RunyardError as `LanguageModel.stream` does, once the calls are used up
 */
export async function callModel(
  caller: ModelCaller,
  request: { system: readonly string[]; messages: readonly ModelMessage[]; tools: readonly ToolOffer[] },
  step: StepContext,
  purpose: Purpose,
): Promise<Answer> {
  let text = "";
  let noted = true;
  for (const event of step.earlier) {
    if (event.type === "text-delta") {
      text += event.body.text;
      noted = false;
    }
    if (event.type === "model-called") noted = true;
  }
  // The process died in the middle of this answer: its tokens were spent all the same.
  if (!noted)
    note(caller, request, step, { purpose, text, reason: "error", usage: undefined, startedAt: performance.now() });
  for (let count = 1; ; count += 1) {
    const before = text.length;
    const startedAt = performance.now();
    const calls: Answer["calls"] = [];
    try {
      for await (const part of caller.model.stream(toRequest(caller, request, text), { signal: step.signal })) {
        switch (part.type) {
          case "text-delta":
            text += part.text;
            if (!caller.holdText) step.emit({ type: "text-delta", body: { text: part.text } });
            break;
          case "reasoning-delta":
            step.emit({ type: "reasoning-delta", body: { text: part.text } });
            break;
          case "status":
            step.emit({ type: "status-noted", body: { text: part.text } });
            break;
          case "tool-call":
            calls.push(part.invalid === undefined ? { model: part.call } : { model: part.call, invalid: part.invalid });
            break;
          case "finish": {
            const { reason, usage, reasoning } = part;
            note(caller, request, step, { purpose, text: text.slice(before), reason, usage, startedAt });
            return {
              text,
              calls,
              finishReason: reason,
              ...(reasoning === undefined ? {} : { reasoning: [...reasoning] }),
            };
          }
        }
      }
      throw new RunyardError("model_unavailable", `${caller.model.id} ended its answer without saying so.`);
    } catch (error) {
      const stopped = step.signal.aborted;
      const reason = stopped ? "cancelled" : "error";
      if (stopped || text.length > before) {
        note(caller, request, step, { purpose, text: text.slice(before), reason, usage: undefined, startedAt });
      }
      if (stopped) throw step.signal.reason;
      // Before anything came the model layer has tried again already.
      const brokeOff = text.length > before || calls.length > 0;
      if (!(error instanceof RunyardError) || !error.retryable || !brokeOff || count >= maxCalls) throw error;
    }
  }
}

function toRequest(
  { model, definition }: ModelCaller,
  {
    system,
    messages,
    tools,
  }: { system: readonly string[]; messages: readonly ModelMessage[]; tools: readonly ToolOffer[] },
  shown: string,
): ModelRequest {
  const { temperature, topP, maxTokens } = definition.parameters;
  const begun: ModelMessage[] =
    shown === ""
      ? []
      : model.continuesAnswers
        ? [{ role: "assistant", content: shown }]
        : [
            { role: "assistant", content: shown },
            { role: "user", content: goOn },
          ];
  return {
    system,
    messages: [...messages, ...begun],
    ...(tools.length === 0 ? {} : { tools }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(definition.outputSchema === undefined ? {} : { outputSchema: definition.outputSchema }),
  };
}

function note(
  { model, costOf }: ModelCaller,
  request: { system: readonly string[]; messages: readonly ModelMessage[] },
  step: StepContext,
  call: {
    purpose: Purpose;
    text: string;
    reason: EventOf<"model-called">["body"]["finishReason"];
    usage: Usage | undefined;
    startedAt: number;
  },
): void {
  const usage = call.usage ?? {
    inputTokens: estimateTokens([...request.system, ...request.messages.map(textOf)].join("\n")),
    outputTokens: estimateTokens(call.text),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  step.emit({
    type: "model-called",
    body: {
      model: model.id,
      purpose: call.purpose,
      usage,
      costNanoUsd: costOf(model.id, usage),
      estimated: call.usage === undefined,
      finishReason: call.reason,
      durationMs: Math.round(performance.now() - call.startedAt),
    },
  });
}

function textOf(message: ModelMessage): string {
  return message.role === "tool" ? JSON.stringify(message.output) : message.content;
}
