import type { JsonObject } from "../../src/contract/json.ts";
import type { AnswerStep, ControlStep } from "./scripted-step.ts";

export type WireName = "openai" | "anthropic";

/** Writes one answer in the shape of a provider. A new one is made for each request. */
export interface ScriptedWire {
  /** Streamed: the bytes of the step. Otherwise nothing; the step is kept for `whole`. */
  write(step: AnswerStep): string;
  /** Streamed: the bytes that end the answer. */
  end(): string;
  /** Not streamed: the whole body. */
  whole(): string;
  errorBody(step: Extract<ControlStep, { type: "status" }>): string;
  contextLengthError(): Extract<ControlStep, { type: "status" }>;
}

/** What a script sees of a request, the same on both wires. */
export interface ScriptedRequest {
  wire: WireName;
  /** 1 for the first request that the server got. */
  number: number;
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: JsonObject;
  streamed: boolean;
  model: string;
  /** Names of the tools on offer, as the request spells them. */
  toolNames: readonly string[];
  /** The text of the last user message; empty when there is none. */
  lastUserText: string;
  /** The results of tools that the conversation ends with, oldest first; empty when it ends otherwise. */
  toolResults: readonly string[];
  /** The answer that the request asks to go on from, when it ends with one. */
  prefill: string | undefined;
}

/** What a wire needs to know to write an answer. */
export interface WireContext {
  model: string;
  streamed: boolean;
  /** Whether the client asked for usage in the stream. */
  usageWanted: boolean;
  inputTokens: number;
  newCallId(): string;
}

export function pieces(text: string | readonly string[]): readonly string[] {
  return typeof text === "string" ? [text] : text;
}
