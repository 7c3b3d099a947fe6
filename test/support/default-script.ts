import type { ScriptedToolCall, ScriptStep } from "./scripted-step.ts";
import type { ScriptedRequest } from "./scripted-wire.ts";

/**
 * What the scripted model does when a test says nothing:
 * - `call NAME {json}` in the last user message, any number of times: calls these tools (in parallel), and once their
 *   results are there answers `The tool said: …`;
 * - `count N`: answers `1 2 3 … N`, one delta for each number; asked to go on from the start of that answer, it does;
 * - otherwise answers `You said: …`, one delta for each word.
 */
export function defaultScript(request: ScriptedRequest): readonly ScriptStep[] {
  if (request.toolResults.length > 0)
    return [{ type: "text", text: ["The tool said: ", request.toolResults.join("; ")] }];
  const calls = callsIn(request.lastUserText);
  if (calls.length > 0) return [{ type: "tool-calls", calls }];
  const count = /\bcount (?<numbers>\d{1,6})\b/.exec(request.lastUserText)?.groups?.numbers;
  const words =
    count === undefined
      ? ["You said: ", ...(request.lastUserText.match(/\s*\S+/g) ?? ["nothing"])]
      : Array.from({ length: Number(count) }, (_, index) => (index === 0 ? "1" : ` ${index + 1}`));
  return [{ type: "text", text: without(request.prefill, words) }];
}

/** Finds each `call NAME` and the JSON object behind it, which may hold braces in its texts. */
function callsIn(text: string): ScriptedToolCall[] {
  const calls: ScriptedToolCall[] = [];
  for (const match of text.matchAll(/\bcall (?<name>[\w.:/-]+) (?=\{)/g)) {
    const start = match.index + match[0].length;
    for (let end = text.indexOf("}", start); end !== -1; end = text.indexOf("}", end + 1)) {
      const candidate = text.slice(start, end + 1);
      try {
        calls.push({ name: match.groups?.name ?? "", arguments: JSON.parse(candidate) });
        break;
      } catch {
        // Not yet the brace that closes it.
      }
    }
  }
  return calls;
}

/** The words that are left when the answer's start was already said. */
function without(prefill: string | undefined, words: readonly string[]): readonly string[] {
  if (prefill === undefined) return words;
  const said = prefill.trimEnd();
  const rest = words.join("");
  return [rest.startsWith(said) ? rest.slice(said.length) : rest];
}
