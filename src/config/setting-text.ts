import type { SettingText } from "./setting.ts";

/**
 * Reads a text from the environment or a flag. What cannot be read comes back as the text it is, for the schema to
 * refuse: there is one place that says what a setting may be.
 */
export function readSettingText(kind: SettingText, text: string): unknown {
  switch (kind) {
    case "text":
      return text;
    case "number":
      if (text === "null" || text === "unlimited") return null;
      return /^-?\d+(_\d+)*(\.\d+)?$/.test(text) ? Number(text.replaceAll("_", "")) : text;
    case "list":
      return splitList(text);
    case "pairs": {
      const pairs = splitList(text).map((pair) => pair.split(/=(.*)/s, 2));
      if (pairs.some(([name, value]) => name === undefined || value === undefined)) return text;
      return Object.fromEntries(pairs.map(([name, value]) => [name?.trim(), value?.trim()]));
    }
    default:
      return kind satisfies never;
  }
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
