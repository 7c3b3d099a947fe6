import { RunyardError } from "../../contract/errors.ts";
import type { EventOf } from "../../contract/events.ts";
import { AttemptStopped, type Ctx, type StepContext } from "../../engine/program.ts";
import type { ModelToolCall } from "../../models/language-model.ts";
import { type AskModel, type Tool, toolFailure, type ToolResult } from "../../tools/tool.ts";
import { callModel, type ModelCaller } from "./call-model.ts";
import type { ChatInput } from "./chat-parts.ts";

/**
 * Runs one tool call in a step of its own. The call is in the log before it is made. A call that a crash interrupted is
 * made again with the same id, unless its effect is `once`: then nobody can know whether it happened, and the result
 * says so. A call whose end is in the log is not made again, even if the step's own end is not there.
 */
export async function callTool(
  call: { id: string; model: ModelToolCall; invalid?: string },
  tool: Tool | undefined,
  ctx: Ctx,
  turn: { input: ChatInput; caller: ModelCaller },
  step: StepContext,
): Promise<ToolResult> {
  const { name, input } = call.model;
  const ended = step.earlier.find((event) => event.type === "tool-call-finished");
  if (ended !== undefined) return resultOf(ended.body);
  const begun = step.earlier.some((event) => event.type === "tool-call-started");
  if (!begun) step.emit({ type: "tool-call-started", body: { callId: call.id, name, input } });
  const startedAt = performance.now();
  const finish = (result: ToolResult): ToolResult => {
    const durationMs = Math.round(performance.now() - startedAt);
    const { error } = result;
    step.emit({
      type: "tool-call-finished",
      body: { callId: call.id, name, output: error === undefined ? result.output : null, error, durationMs },
    });
    return result;
  };

  if (tool === undefined) {
    return finish(toolFailure(`There is no tool named "${name}". Use one of those that were offered.`));
  }
  if (call.invalid !== undefined) {
    return finish(
      toolFailure(`The arguments of ${name} must be one JSON object; these are not: ${call.invalid.slice(0, 500)}`),
    );
  }
  if (tool.runs === "client") return finish(toolFailure(tool.check(input) ?? "The input does not fit."));
  if (tool.effect === "once") {
    if (begun) {
      const message = `The server stopped while ${name} was being called, and the call may be made once only. Whether it happened is not known.`;
      return finish(toolFailure(message, "outcome_unknown"));
    }
    await step.flush(); // from here on a crash leaves the mark that the call may have been made
  }
  try {
    const result = await tool.call(input, {
      callId: call.id,
      organizationId: ctx.organizationId,
      agentId: turn.input.agentId,
      executionId: ctx.executionId,
      conversationId: turn.input.conversationId,
      metadata: turn.input.metadata,
      session: turn.input.session,
      signal: step.signal,
      askModel: askThrough(turn.caller, step),
    });
    return finish(result);
  } catch (error) {
    // An attempt that is handed back goes on elsewhere, and the call with it.
    const stopped: unknown = step.signal.reason;
    if (!(stopped instanceof AttemptStopped) || stopped.why !== "cancelled") throw error;
    finish({ error: { code: "cancelled", message: "The execution was cancelled while the tool ran." } });
    throw error;
  }
}

function resultOf({ output, error }: EventOf<"tool-call-finished">["body"]): ToolResult {
  return error === undefined ? { output } : { error };
}

/** Lets a tool put a question to the agent's model; its tokens count like all others of the execution. */
function askThrough(caller: ModelCaller, step: StepContext): AskModel {
  return async ({ system, prompt, maxTokens }) => {
    const quiet = { ...caller, holdText: true, definition: { ...caller.definition, parameters: { maxTokens } } };
    const request = { system: [system], messages: [{ role: "user" as const, content: prompt }], tools: [] };
    const answer = await callModel(quiet, request, step, "tool");
    if (answer.text.trim() === "") throw new RunyardError("model_unavailable", "The model gave an empty answer.");
    return answer.text;
  };
}
