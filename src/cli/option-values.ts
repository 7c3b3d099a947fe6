import { InvalidArgumentError } from "commander";
import type { Json, JsonObject } from "../../client/src/index.ts";

/** `--limit`: how many items of a list, 1 to 100. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new InvalidArgumentError("Expected a whole number from 1 to 100.");
  }
  return limit;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError("Expected a whole number.");
  return count;
}

export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("Expected a number.");
  return number;
}

/** Collects a repeated `name=value` option; the value is JSON where it reads as JSON, else text. */
export function collectPair(text: string, before: JsonObject = {}): JsonObject {
  const [name, value] = splitPair(text);
  return { ...before, [name]: jsonOrText(value) };
}

/** The same for metadata, whose values are texts, numbers and booleans. */
export function collectMetadata(
  text: string,
  before: Record<string, string | number | boolean> = {},
): Record<string, string | number | boolean> {
  const [name, value] = splitPair(text);
  const read = jsonOrText(value);
  return { ...before, [name]: typeof read === "object" ? value : read };
}

/** Collects a repeated `NAME=JSON` option, whose value must be JSON. */
export function collectJsonPair(text: string, before: JsonObject = {}): JsonObject {
  const [name, value] = splitPair(text);
  return { ...before, [name]: parseJson(value) };
}

/** Collects a repeated option, whose values may also be joined by commas. */
export function collectList(text: string, before: string[] = []): string[] {
  return [
    ...before,
    ...text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  ];
}

function parseJson(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    throw new InvalidArgumentError(`Expected JSON, got: ${text}`);
  }
}

export function parseJsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(`Expected a JSON object, got: ${text}`);
  }
  return value;
}

function splitPair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected NAME=VALUE.");
  return [text.slice(0, at), text.slice(at + 1)];
}

function jsonOrText(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}
