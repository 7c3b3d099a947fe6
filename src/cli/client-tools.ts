import { createInterface } from "node:readline/promises";
import type { Json, JsonObject, ToolResult } from "../../client/src/index.ts";
import type { Cli } from "./cli.ts";
import { CommandError, exitCodes } from "./exit-code.ts";
import type { ToolRequest } from "./follow-execution.ts";

/**
 * Answers the pending tool calls of an execution: from `--tool-result NAME=JSON`, else by asking when there is a person
 * at the terminal.
 *
 * @throws CommandError when a call has no answer
 */
export async function answerToolCalls(
  cli: Cli,
  executionId: string,
  required: readonly ToolRequest[],
  given: JsonObject,
  signal: AbortSignal,
): Promise<ToolResult[]> {
  const results: ToolResult[] = [];
  for (const call of required) {
    const answer = given[call.name];
    if (answer !== undefined) {
      results.push({ toolCallId: call.id, result: answer });
    } else if (cli.terminal.stdin.isTTY === true && cli.terminal.stderr.isTTY === true && !cli.isJson) {
      results.push({ toolCallId: call.id, result: await ask(cli, call, signal) });
    } else {
      throw new CommandError(
        exitCodes.failure,
        `The execution ${executionId} waits for a result of the tool ${call.name}.`,
        {
          hint: `Give it with --tool-result '${call.name}=JSON', or POST it to /v1/executions/${executionId}/tool-results for ${call.id}.`,
        },
      );
    }
  }
  return results;
}

/** Asks for one result; what does not read as JSON is taken as text. */
async function ask(cli: Cli, call: ToolRequest, signal: AbortSignal): Promise<Json> {
  const lines = createInterface({ input: cli.terminal.stdin, output: cli.terminal.stderr });
  try {
    const text = await lines.question(`Result of ${call.name} (JSON or text): `, { signal });
    try {
      const value: Json = JSON.parse(text);
      return value;
    } catch {
      return text;
    }
  } finally {
    lines.close();
  }
}
