/**
 * The parts of a chunk (or of a whole answer, which has `message` for `delta`) that we read. Everything may be missing or
 * null, and the readers check what they take, because some twenty servers speak this wire, each a little differently.
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export interface ChatChunk {
  choices?: readonly ChatChoice[] | null;
  usage?: ChatUsage | null;
  error?: unknown;
  /** `error` when the chunk itself is the problem, at older vLLM. */
  object?: string | null;
  /** Groq sends usage here. */
  x_groq?: { usage?: ChatUsage | null } | null;
}

export interface ChatChoice {
  index?: number | null;
  delta?: ChatDelta | null;
  message?: ChatDelta | null;
  finish_reason?: string | null;
  /** Moonshot sends usage here. */
  usage?: ChatUsage | null;
}

export interface ChatDelta {
  /** Mistral's reasoning models send a list of typed pieces. */
  content?: string | readonly ChatContentPiece[] | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: readonly ChatToolCallDelta[] | null;
}

export interface ChatContentPiece {
  type?: string;
  text?: string;
  thinking?: readonly ChatContentPiece[];
}

export interface ChatToolCallDelta {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
}

export interface ChatUsage {
  prompt_tokens?: number | null;
  completion_tokens?: number | null;
  total_tokens?: number | null;
  prompt_tokens_details?: { cached_tokens?: number | null; cache_write_tokens?: number | null } | null;
  completion_tokens_details?: { reasoning_tokens?: number | null } | null;
  /** DeepSeek. */
  prompt_cache_hit_tokens?: number | null;
  /** Moonshot. */
  cached_tokens?: number | null;
}
