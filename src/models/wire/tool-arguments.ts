import type { Json, JsonObject } from "../../contract/json.ts";

/**
 * Reads the arguments of a tool call. None at all means an empty object; anything that is no JSON object is `invalid`,
 * for the model to be told.
 */
export function readArguments(text: string): { input: JsonObject; invalid?: string } {
  if (text.trim() === "") return { input: {} };
  try {
    const value: Json = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { input: value };
    // Some servers encode the object twice.
    if (typeof value === "string" && value.trimStart().startsWith("{")) return readArguments(value);
  } catch {
    // Told below.
  }
  return { input: {}, invalid: text };
}
