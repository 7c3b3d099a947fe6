import { type StreamEvent } from "../../src/http/dialects/native/schemas/event.ts";
import type { ScriptedRequest } from "../support/scripted-model.ts";
import { type NativePlatform, startNativePlatform } from "../api/native/native-platform.ts";

export type ChatPlatform = NativePlatform;
export const startChatPlatform = startNativePlatform;

/** The messages of a recorded request: role and text. */
export function messagesOf(request: ScriptedRequest | undefined): { role: string; content: string }[] {
  const messages = request?.body["messages"];
  if (!Array.isArray(messages)) throw new Error("the request has no messages");
  return messages.map((message) => {
    const { role, content } = message as { role: string; content: unknown };
    return { role, content: typeof content === "string" ? content : JSON.stringify(content) };
  });
}

export function textOf(events: readonly { event: StreamEvent }[]): string {
  return events.map(({ event }) => (event.type === "text_delta" ? event.text : "")).join("");
}
