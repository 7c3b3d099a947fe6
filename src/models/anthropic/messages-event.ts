import type { JsonObject } from "../../contract/json.ts";

/**
 * The parts of a stream's events that we read; the `type` in the data is the one that counts.
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export interface MessagesEvent {
  type?: string;
  /** `message_start`. */
  message?: WholeMessage | null;
  index?: number;
  /** `content_block_start`. */
  content_block?: MessagesBlock | null;
  /** `content_block_delta` and `message_delta`. */
  delta?: MessagesDelta | null;
  /** `message_delta`; counts what the whole answer has used so far. */
  usage?: MessagesUsage | null;
  error?: unknown;
}

export interface WholeMessage {
  type?: string;
  content?: readonly MessagesBlock[] | null;
  stop_reason?: string | null;
  usage?: MessagesUsage | null;
  error?: unknown;
}

export interface MessagesBlock {
  type?: string;
  text?: string;
  thinking?: string;
  signature?: string;
  /** Of `redacted_thinking`. */
  data?: string;
  id?: string;
  name?: string;
  input?: JsonObject | null;
}

export interface MessagesDelta {
  type?: string;
  text?: string;
  thinking?: string;
  signature?: string;
  partial_json?: string;
  stop_reason?: string | null;
}

export interface MessagesUsage {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  output_tokens_details?: { thinking_tokens?: number | null } | null;
}
