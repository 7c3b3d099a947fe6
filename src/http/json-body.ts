import { isUtf8 } from "node:buffer";
import { RunyardError } from "../contract/errors.ts";
import { refuseUnstorable } from "./unstorable-text.ts";

/** Deeper bodies are refused: nothing of ours nests so far, and recursion over them is how servers are brought down. */
export const maxJsonDepth = 64;

/**
 * Reads a JSON body. An empty one is `undefined`, whatever its content type says.
 *
 * @throws RunyardError `invalid_json` for broken UTF-8, broken JSON or nesting past `maxJsonDepth`;
 *   `invalid_field_value` for text that cannot be stored (see `refuseUnstorable`)
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) {
    throw new RunyardError("invalid_json", "The body must be JSON in UTF-8, but its bytes are not valid UTF-8.");
  }
  const text = bytes.toString("utf8");
  refuseDeepNesting(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RunyardError("invalid_json", `The body must be valid JSON: ${reasonOf(cause)}.`, { cause });
  }
  // A NUL, half a surrogate pair or a disguised key can only be written with an escape; most bodies have none.
  if (text.includes("\\u") || text.includes("__proto__")) refuseUnstorable(value);
  return value;
}

/** Counts brackets outside of strings, before the parse, so that a deep body costs one pass and no stack. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === backslash) index += 1;
      else if (code === quote) inString = false;
    } else if (code === quote) {
      inString = true;
    } else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > maxJsonDepth) {
        throw new RunyardError("invalid_json", `The body may be nested ${maxJsonDepth} levels deep, but goes deeper.`);
      }
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
    }
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The parser's words without the excerpt of the body that some of them quote. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "it does not parse";
  const [reason] = cause.message.split(/, "| in JSON|, \.\.\./);
  const position = /position (\d+)/.exec(cause.message)?.[1];
  return `${reason ?? "it does not parse"}${position === undefined ? "" : ` at position ${position}`}`;
}
