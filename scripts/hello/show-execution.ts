import type { ExecutionStream, StreamEvent } from "../../client/src/index.ts";
import { renderUsage } from "../../src/cli/render-execution.ts";
import { forTerminal, type Style, styler, type Terminal } from "../../src/cli/terminal.ts";

/**
 * Writes an execution to stdout as it goes: tool calls with their results, the text piece by piece, usage and timing.
 * @throws when the execution fails
 */
export async function showExecution(terminal: Terminal, stream: ExecutionStream): Promise<void> {
  const { stdout } = terminal;
  const paint = styler(stdout, terminal.environment);
  let isMidLine = false;
  const line = (style: Style, label: string, text: string) => {
    const start = isMidLine ? "\n" : "";
    isMidLine = false;
    stdout.write(`${start}${paint(style, label.padEnd(10))}${forTerminal(stdout, text)}\n`);
  };
  for await (const event of stream) {
    switch (event.type) {
      case "tool_call_start":
        line("cyan", "tool call", `${event.name} ${JSON.stringify(event.parameters)}`);
        break;
      case "tool_call_end":
        line("cyan", "result", `${outcomeOf(event)} (${event.duration} ms)`);
        break;
      case "text_delta":
        if (!isMidLine) stdout.write(paint("green", "answer".padEnd(10)));
        isMidLine = true;
        stdout.write(forTerminal(stdout, event.text));
        break;
      case "done":
        line("dim", "usage", renderUsage(event.usage));
        line("dim", "timing", timingOf(event.timing));
        break;
      case "error":
        if (isMidLine) stdout.write("\n");
        throw new Error(`The execution failed (${event.code}): ${event.message}`);
      default:
        break;
    }
  }
}

function outcomeOf(event: Extract<StreamEvent, { type: "tool_call_end" }>): string {
  return event.error === undefined ? JSON.stringify(event.result) : `failed: ${event.error.message}`;
}

function timingOf(timing: Extract<StreamEvent, { type: "done" }>["timing"]): string {
  const firstToken = timing.firstTokenMs === null ? "no text" : `first text after ${timing.firstTokenMs} ms`;
  return `${timing.totalMs} ms in all, ${firstToken}, ${timing.toolCallMs} ms in tools`;
}
