import type { JsonObject } from "../../src/contract/json.ts";
import { argumentPieces, type AnswerStep, type ScriptedToolCall, type ScriptedUsage } from "./scripted-step.ts";
import { pieces, type ScriptedWire, type WireContext } from "./scripted-wire.ts";

type BlockType = "text" | "thinking" | "tool_use";

/** @see https://platform.claude.com/docs/en/build-with-claude/streaming */
export function createAnthropicWire(context: WireContext): ScriptedWire {
  const blocks: (JsonObject & { type: string })[] = [];
  let open: BlockType | undefined;
  let signature: string | undefined;
  let deltas = 0;
  let begun = false;
  let failed = false;
  let stopReason: string | undefined;
  let usageOverride: Partial<ScriptedUsage> | "missing" | undefined;

  const usage = () => {
    const given = typeof usageOverride === "object" ? usageOverride : {};
    return {
      input_tokens: given.inputTokens ?? context.inputTokens,
      cache_creation_input_tokens: given.cacheWriteTokens ?? 0,
      cache_read_input_tokens: given.cacheReadTokens ?? 0,
      output_tokens: given.outputTokens ?? deltas,
    };
  };
  const begin = () => {
    if (begun || !context.streamed) return "";
    begun = true;
    const message = {
      id: "msg_scripted",
      type: "message",
      role: "assistant",
      model: context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...(usageOverride === "missing" ? {} : { usage: { ...usage(), output_tokens: 1 } }),
    };
    return event("message_start", `,"message":${JSON.stringify(message)}`);
  };
  const delta = (body: string) => {
    deltas += 1;
    return context.streamed ? event("content_block_delta", `,"index":${blocks.length - 1},"delta":${body}`) : "";
  };
  const closeBlock = () => {
    if (open === undefined) return "";
    let out = "";
    const block = blocks.at(-1);
    if (open === "thinking" && block !== undefined) {
      block.signature = signature ?? "c2lnbmVk";
      out += delta(`{"type":"signature_delta","signature":${JSON.stringify(block.signature)}}`);
    }
    open = undefined;
    return context.streamed ? out + event("content_block_stop", `,"index":${blocks.length - 1}`) : "";
  };
  const openBlock = (type: BlockType, block: JsonObject & { type: string }) => {
    const before = begin() + closeBlock();
    open = type;
    blocks.push(block);
    if (!context.streamed) return "";
    return (
      before + event("content_block_start", `,"index":${blocks.length - 1},"content_block":${JSON.stringify(block)}`)
    );
  };
  const append = (type: "text" | "thinking", text: string) => {
    const opened = open === type ? "" : openBlock(type, { type, [type]: "" });
    const block = blocks.at(-1);
    if (block !== undefined) block[type] = String(block[type]) + text;
    return opened + delta(`{"type":"${type}_delta","${type}":${JSON.stringify(text)}}`);
  };
  const writeCall = (call: ScriptedToolCall) => {
    const parts = argumentPieces(call);
    let out = openBlock("tool_use", {
      type: "tool_use",
      id: call.id ?? context.newCallId(),
      name: call.name,
      input: {},
    });
    for (const part of parts) out += delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(part)}}`);
    const block = blocks.at(-1);
    if (!context.streamed && block !== undefined) block.input = JSON.parse(parts.join("") || "{}");
    return out + closeBlock();
  };
  const stop = () => stopReason ?? (blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn");

  return {
    write(step: AnswerStep) {
      switch (step.type) {
        case "text":
          return pieces(step.text)
            .map((piece) => append("text", piece))
            .join("");
        case "reasoning":
          signature = step.signature;
          return pieces(step.text)
            .map((piece) => append("thinking", piece))
            .join("");
        case "refusal":
          stopReason = "refusal";
          return append("text", step.text);
        case "tool-call":
          return writeCall(step);
        case "tool-calls":
          return step.calls.map(writeCall).join("");
        case "ping":
          return context.streamed ? begin() + event("ping", "") : "";
        case "unknown-event":
          return context.streamed ? begin() + event("later_invention", ',"index":0') : "";
        case "error":
          failed = true;
          return event(
            "error",
            `,"error":${JSON.stringify({ type: step.errorType ?? "overloaded_error", message: step.message })}`,
          );
        case "usage":
          usageOverride = step.usage;
          return "";
        case "finish":
          stopReason = step.reason;
          return "";
        default:
          return step satisfies never;
      }
    },
    end() {
      if (failed) return "";
      const before = begin() + closeBlock();
      const counted = usageOverride === "missing" ? "" : `,"usage":${JSON.stringify(usage())}`;
      return (
        before +
        event("message_delta", `,"delta":{"stop_reason":${JSON.stringify(stop())},"stop_sequence":null}${counted}`) +
        event("message_stop", "")
      );
    },
    whole() {
      closeBlock();
      return JSON.stringify({
        id: "msg_scripted",
        type: "message",
        role: "assistant",
        model: context.model,
        content: blocks,
        stop_reason: stop(),
        stop_sequence: null,
        ...(usageOverride === "missing" ? {} : { usage: usage() }),
      });
    },
    errorBody(step) {
      const type = step.errorType ?? (step.status >= 500 ? "api_error" : "invalid_request_error");
      return JSON.stringify({
        type: "error",
        error: { type, message: step.message ?? "scripted error" },
        request_id: "req_scripted",
      });
    },
    contextLengthError() {
      return {
        type: "status",
        status: 400,
        errorType: "invalid_request_error",
        message: "prompt is too long: 210000 tokens > 200000 maximum",
      };
    },
  };
}

function event(type: string, body: string): string {
  return `event: ${type}\ndata: {"type":"${type}"${body}}\n\n`;
}
