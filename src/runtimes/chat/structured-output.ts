import { RunyardError } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Ctx } from "../../engine/program.ts";
import type { ModelMessage } from "../../models/language-model.ts";
import { callModel, type ModelCaller } from "./call-model.ts";
import type { ChatParts } from "./chat-parts.ts";
import type { PreparedTurn } from "./prepare-turn.ts";

/**
 * Holds the final answer to the agent's output schema: checked, repaired by the model once, else the execution fails. The
 * output, and all that is shown of it, is the JSON text that fits.
 *
 * @throws RunyardError `output_invalid`
 */
export async function fitOutput(
  ctx: Ctx,
  turn: {
    schema: JsonObject;
    caller: ModelCaller;
    parts: ChatParts;
    turn: PreparedTurn;
    messages: readonly ModelMessage[];
    answer: string;
  },
): Promise<Json> {
  const { schema, caller, parts, messages } = turn;
  let text = turn.answer;
  let problem = problemOf(text, schema, parts);
  if (problem !== undefined) {
    const complaint = `Your answer does not fit what is expected.\n${problem}\nAnswer again with JSON only, of this schema:\n${JSON.stringify(schema)}`;
    text = await ctx.step("repair", async (step) => {
      const request = {
        system: turn.turn.system,
        messages: [
          ...messages,
          { role: "assistant" as const, content: text === "" ? "(no answer)" : text },
          { role: "user" as const, content: complaint },
        ],
        tools: [],
      };
      return (await callModel(caller, request, step, "repair")).text;
    });
    problem = problemOf(text, schema, parts);
  }
  if (problem !== undefined) {
    throw new RunyardError("output_invalid", `The model's answer does not fit the agent's output schema. ${problem}`);
  }
  const output = plainJson(text);
  ctx.emit({ type: "text-delta", body: { text: output } });
  return output;
}

function problemOf(text: string, schema: JsonObject, parts: ChatParts): string | undefined {
  let value: Json;
  try {
    value = JSON.parse(plainJson(text)) as Json;
  } catch (error) {
    return `It is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}`;
  }
  return parts.findMismatch(schema, value);
}

/** Models like to wrap JSON in a fence. */
function plainJson(text: string): string {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text);
  return (fenced?.[1] ?? text).trim();
}
