import type { ExecutionStream, StreamEvent } from "../../client/src/index.ts";
import type { Cli } from "./cli.ts";
import { CommandError, exitCodes } from "./exit-code.ts";
import { renderUsage } from "./render-execution.ts";

export type ToolRequest = Extract<StreamEvent, { type: "tool_call_required" }>;

/** How a stream came to its end. */
export interface Followed {
  status: "completed" | "cancelled" | "requires_action";
  /** Tool calls that wait for an answer of ours. */
  required: ToolRequest[];
}

/**
 * Shows an execution as it goes: its text on stdout, everything else on stderr; with `--json` each event as one line of
 * JSON on stdout.
 *
 * @param onStarted called with the execution's id once it is known
 * @throws CommandError when the execution failed
 */
export async function followExecution(
  cli: Cli,
  stream: ExecutionStream,
  onStarted: (executionId: string) => void = () => undefined,
): Promise<Followed> {
  const required: ToolRequest[] = [];
  let status: Followed["status"] | undefined;
  // Text and notes may share a terminal: a note begins on a line of its own.
  let isMidLine = false;
  let isShown = false;
  const note = (text: string, style: "dim" | "cyan" | "yellow" = "dim") => {
    if (isMidLine && cli.terminal.stdout.isTTY === true) cli.write("\n");
    isMidLine = false;
    cli.note(text, style);
  };
  for await (const event of stream) {
    if (stream.executionId !== undefined) onStarted(stream.executionId);
    if (event.type === "tool_call_required") required.push(event);
    if (event.type === "done") status = event.status;
    if (cli.isJson) {
      cli.write(`${JSON.stringify({ id: stream.lastEventId, ...event })}\n`);
      if (event.type === "error") throw failure(event);
      continue;
    }
    switch (event.type) {
      case "execution_start":
        note(`${event.executionId} in ${event.conversationId ?? "no conversation"}`);
        break;
      case "text_delta":
        cli.write(event.text);
        isShown = true;
        isMidLine = !event.text.endsWith("\n");
        break;
      case "tool_call_start":
        note(`→ ${event.name} ${JSON.stringify(event.parameters)}`, "cyan");
        break;
      case "tool_call_end":
        if (event.error === undefined)
          note(`← ${event.name} ${JSON.stringify(event.result)} (${event.duration} ms)`, "cyan");
        else note(`← ${event.name} failed: ${event.error.message}`, "yellow");
        break;
      case "tool_call_required":
        note(`? ${event.name} ${JSON.stringify(event.parameters)}`, "yellow");
        break;
      case "done":
        // A program has a result that it never wrote as text.
        if (!isShown && event.output !== "") cli.write(`${event.output}\n`);
        if (isMidLine) cli.write("\n");
        isMidLine = false;
        note(`${event.status}: ${renderUsage(event.usage)}, ${event.timing.totalMs} ms`);
        break;
      case "error":
        if (isMidLine) cli.write("\n");
        throw failure(event);
      default:
        break; // `thinking`, and what a newer server may send
    }
  }
  if (status === undefined) throw new CommandError(exitCodes.failure, "The stream ended without saying how.");
  return { status, required };
}

function failure(event: Extract<StreamEvent, { type: "error" }>): CommandError {
  return new CommandError(exitCodes.failure, `The execution failed (${event.code}): ${event.message}`, {
    hint: `\`runyard executions show ${event.executionId}\` shows what was reached; \`runyard executions restart ${event.executionId}\` starts it again.`,
  });
}
