import type { Json } from "../contract/json.ts";

/** Bounds of any JSON that passes through a tool. */
export const maxJsonDepth = 100;
export const maxOutputBytes = 1024 * 1024;

/** Whether a parsed value is JSON and at most `maxDepth` arrays and objects deep, so that recursion over it is safe. */
export function isPlainJson(value: unknown, maxDepth = maxJsonDepth): value is Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      if (value === null) return true;
      if (maxDepth <= 0) return false;
      if (Array.isArray(value)) return value.every((item) => isPlainJson(item, maxDepth - 1));
      return Object.values(value).every((item) => isPlainJson(item, maxDepth - 1));
    default:
      return false;
  }
}

/** How many values a JSON value is made of, itself included. */
export function countValues(value: Json): number {
  if (typeof value !== "object" || value === null) return 1;
  let count = 1;
  for (const item of Object.values(value)) count += countValues(item);
  return count;
}

/** Reads JSON text; undefined when it is no JSON or too deep. JSON itself never parses to undefined. */
export function parsePlainJson(text: string): Json | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isPlainJson(value) ? value : undefined;
}

/** Says why a tool may not return this value; undefined when it may. */
export function outputProblem(output: Json): string | undefined {
  if (!isPlainJson(output)) return `The tool's result is no JSON of at most ${maxJsonDepth} levels.`;
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes > maxOutputBytes) {
    return `The tool's result has ${bytes} bytes of JSON; at most ${maxOutputBytes} are allowed. Ask for less.`;
  }
  return undefined;
}
