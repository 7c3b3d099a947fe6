import type { JsonObject } from "../../src/contract/json.ts";

/** What a script tells the scripted model to do, in order. */
export type ScriptStep = AnswerStep | ControlStep;

/** Becomes part of the answer, in the shape of whichever wire was asked. */
export type AnswerStep =
  /** Each piece is a delta of its own. */
  | { type: "text"; text: string | readonly string[] }
  | { type: "reasoning"; text: string | readonly string[]; signature?: string }
  | ({ type: "tool-call" } & ScriptedToolCall)
  /** Parallel calls; on the OpenAI wire their argument pieces are interleaved. */
  | { type: "tool-calls"; calls: readonly ScriptedToolCall[] }
  | { type: "refusal"; text: string }
  | { type: "ping" }
  /** An event that no client knows. */
  | { type: "unknown-event" }
  /** An error in the middle of an answer that began with status 200; ends the answer. */
  | { type: "error"; message: string; errorType?: string; code?: string | number }
  /** Overrides the usage that the end of the answer reports; `missing` leaves it out. */
  | { type: "usage"; usage: Partial<ScriptedUsage> | "missing" }
  /** Overrides the finish reason, in the words of the wire. */
  | { type: "finish"; reason: string };

export interface ScriptedToolCall {
  id?: string;
  name: string;
  /** Text is sent as written, an array piece by piece. */
  arguments: JsonObject | string | readonly string[];
}

export interface ScriptedUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
}

/** Decides how the bytes go out. */
export type ControlStep =
  /** Sends what there is, then waits for the test. */
  | { type: "gate"; until: Promise<unknown> }
  /** Sends what there is and gives the reader a turn, so that the next bytes arrive as a chunk of their own. */
  | { type: "flush" }
  /** As `flush`, and then waits; for drills, whose scripts run in another process where no gate can be opened. */
  | { type: "pause"; ms: number }
  /** Sends what there is and then these bytes as a chunk of their own, which may end within a character. */
  | { type: "bytes"; bytes: Uint8Array }
  /** Text of the body as it is. */
  | { type: "raw"; text: string }
  /** Answers with an error status; must come first. `body` replaces the wire's error shape. */
  | {
      type: "status";
      status: number;
      message?: string;
      errorType?: string;
      code?: string;
      headers?: Record<string, string>;
      body?: string;
    }
  /** Answers as the provider does when the input does not fit; must come first. */
  | { type: "context-length" }
  /** Sends what there is and breaks the connection. */
  | { type: "cut" }
  /** Sends what there is and ends the body in good order, without the end of the answer. */
  | { type: "close" }
  /** Sends what there is and then nothing more, with the connection open. */
  | { type: "stall" };

/** The argument pieces of a call as they go over the wire. */
export function argumentPieces(call: ScriptedToolCall): readonly string[] {
  if (Array.isArray(call.arguments)) return call.arguments;
  const text = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
  if (text.length < 4) return [text];
  const third = Math.ceil(text.length / 3);
  return [text.slice(0, third), text.slice(third, 2 * third), text.slice(2 * third)].filter((piece) => piece !== "");
}
