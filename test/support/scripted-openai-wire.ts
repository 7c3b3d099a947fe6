import { argumentPieces, type AnswerStep, type ScriptedToolCall, type ScriptedUsage } from "./scripted-step.ts";
import { pieces, type ScriptedWire, type WireContext } from "./scripted-wire.ts";

/** @see https://platform.openai.com/docs/api-reference/chat-streaming */
export function createOpenAiWire(context: WireContext): ScriptedWire {
  const head = `{"id":"chatcmpl-scripted","object":"chat.completion.chunk","created":1700000000,"model":${JSON.stringify(context.model)}`;
  const calls: { id: string; name: string; arguments: string }[] = [];
  let text = "";
  let reasoning = "";
  let refusal = "";
  let deltas = 0;
  let begun = false;
  let failed = false;
  let finishReason: string | undefined;
  let usageOverride: Partial<ScriptedUsage> | "missing" | undefined;

  const chunk = (delta: string, finish = "null") =>
    `data: ${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`;
  const begin = () => {
    if (begun) return "";
    begun = true;
    return chunk('{"role":"assistant","content":"","refusal":null}');
  };
  const delta = (body: string) => {
    deltas += 1;
    return context.streamed ? begin() + chunk(body) : "";
  };

  const writeCalls = (added: readonly ScriptedToolCall[]) => {
    const rows = added.map((call) => {
      const index = calls.length;
      const id = call.id ?? context.newCallId();
      const parts = argumentPieces(call);
      calls.push({ id, name: call.name, arguments: parts.join("") });
      const first = delta(
        `{"tool_calls":[{"index":${index},"id":${JSON.stringify(id)},"type":"function","function":{"name":${JSON.stringify(call.name)},"arguments":""}}]}`,
      );
      const rest = parts.map((part) =>
        delta(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(part)}}}]}`),
      );
      return [first, ...rest];
    });
    const longest = Math.max(...rows.map((row) => row.length));
    let out = "";
    for (let column = 0; column < longest; column += 1) for (const row of rows) out += row[column] ?? "";
    return out;
  };

  const usage = () => {
    const given = typeof usageOverride === "object" ? usageOverride : {};
    const input = given.inputTokens ?? context.inputTokens;
    const output = given.outputTokens ?? deltas;
    return JSON.stringify({
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: given.cacheReadTokens ?? 0 },
      completion_tokens_details: { reasoning_tokens: given.reasoningTokens ?? 0 },
    });
  };
  const finish = () => finishReason ?? (calls.length > 0 ? "tool_calls" : "stop");

  return {
    write(step: AnswerStep) {
      switch (step.type) {
        case "text":
          return pieces(step.text)
            .map((piece) => {
              text += piece;
              return delta(`{"content":${JSON.stringify(piece)}}`);
            })
            .join("");
        case "reasoning":
          return pieces(step.text)
            .map((piece) => {
              reasoning += piece;
              return delta(`{"reasoning_content":${JSON.stringify(piece)}}`);
            })
            .join("");
        case "refusal":
          refusal += step.text;
          return delta(`{"refusal":${JSON.stringify(step.text)}}`);
        case "tool-call":
          return writeCalls([step]);
        case "tool-calls":
          return writeCalls(step.calls);
        case "ping":
          return context.streamed ? ": ping\n\n" : "";
        case "unknown-event":
          return context.streamed ? 'event: later-invention\ndata: {"object":"later.invention"}\n\n' : "";
        case "error":
          failed = true;
          return `data: ${JSON.stringify({ error: { message: step.message, type: step.errorType ?? "server_error", code: step.code ?? null } })}\n\n`;
        case "usage":
          usageOverride = step.usage;
          return "";
        case "finish":
          finishReason = step.reason;
          return "";
        default:
          return step satisfies never;
      }
    },
    end() {
      if (failed) return "";
      const last =
        context.usageWanted && usageOverride !== "missing" ? `data: ${head},"choices":[],"usage":${usage()}}\n\n` : "";
      return `${begin()}${chunk("{}", JSON.stringify(finish()))}${last}data: [DONE]\n\n`;
    },
    whole() {
      const message = {
        role: "assistant",
        content: text === "" && calls.length > 0 ? null : text,
        ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
        refusal: refusal === "" ? null : refusal,
        ...(calls.length === 0
          ? {}
          : {
              tool_calls: calls.map((call) => ({
                id: call.id,
                type: "function",
                function: { name: call.name, arguments: call.arguments },
              })),
            }),
      };
      const body = head.replace("chat.completion.chunk", "chat.completion");
      const counted = usageOverride === "missing" ? "" : `,"usage":${usage()}`;
      return `${body},"choices":[${JSON.stringify({ index: 0, message, logprobs: null, finish_reason: finish() })}]${counted}}`;
    },
    errorBody(step) {
      return JSON.stringify({
        error: {
          message: step.message ?? "scripted error",
          type: step.errorType ?? (step.status >= 500 ? "server_error" : "invalid_request_error"),
          param: null,
          code: step.code ?? null,
        },
      });
    },
    contextLengthError() {
      return {
        type: "status",
        status: 400,
        code: "context_length_exceeded",
        message:
          "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.",
      };
    },
  };
}
