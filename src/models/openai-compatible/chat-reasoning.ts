import type { Json, JsonObject } from "../../contract/json.ts";

/**
 * The two names under which servers stream reasoning: DeepSeek, vLLM and llama.cpp say `reasoning_content`; OpenRouter,
 * Ollama, Groq and newer vLLM say `reasoning`. DeepSeek refuses a tool result whose call comes without the reasoning that
 * led to it, so it goes back under the name it came by.
 * @see https://api-docs.deepseek.com/guides/thinking_mode
 */
export const reasoningFields = ["reasoning_content", "reasoning"] as const;
export type ReasoningField = (typeof reasoningFields)[number];

export function keepReasoning(field: ReasoningField, text: string): Json[] {
  return [{ type: "chat-reasoning", field, text }];
}

/** The fields to add to the assistant message; none for reasoning that another provider's wire has kept. */
export function readReasoning(kept: readonly Json[] | undefined): JsonObject {
  for (const item of kept ?? []) {
    if (typeof item !== "object" || item === null || Array.isArray(item) || item.type !== "chat-reasoning") continue;
    const field = reasoningFields.find((name) => name === item.field);
    if (field !== undefined && typeof item.text === "string") return { [field]: item.text };
  }
  return {};
}
