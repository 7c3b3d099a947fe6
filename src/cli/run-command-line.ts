import { CommanderError } from "commander";
import { ApiError } from "../../client/src/index.ts";
import { buildProgram } from "./build-program.ts";
import { CommandError, type ExitCode, exitCodeOf, exitCodes, hintOf } from "./exit-code.ts";
import { forTerminal, styler, type Terminal } from "./terminal.ts";

/**
 * Runs one command line to its end.
 *
 * @param args without the names of the interpreter and the script
 * @returns what the process should exit with; errors have been shown by then
 */
export async function runCommandLine(args: readonly string[], version: string, terminal: Terminal): Promise<ExitCode> {
  const { program, cli } = await buildProgram(terminal, version, (name) => args.includes(name), asksForJson(args));
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help ends the same way. Commander has shown its own errors, for people.
      if (error.exitCode === 0) return exitCodes.ok;
      if (asksForJson(args)) showError(usageError(error), true, terminal);
      return exitCodes.usage;
    }
    showError(error, cli.isJson, terminal);
    return exitCodeOf(error);
  }
}

/** Of a command line that may not be one. What follows `--` are arguments. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--json");
}

function usageError({ code, message }: CommanderError): CommandError {
  const said = code === "commander.help" ? "The command is not complete." : message.replace(/^error: /, "");
  return new CommandError(exitCodes.usage, said, { hint: "--help explains the command." });
}

function showError(error: unknown, isJson: boolean, terminal: Terminal): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = hintOf(error);
  if (isJson) {
    const { code, requestId, executionId } =
      error instanceof ApiError ? error : { code: undefined, requestId: undefined, executionId: undefined };
    terminal.stderr.write(`${JSON.stringify({ error: { code, message, hint, requestId, executionId } })}\n`);
    return;
  }
  const style = styler(terminal.stderr, terminal.environment);
  terminal.stderr.write(`${style("red", "error:")} ${forTerminal(terminal.stderr, message)}\n`);
  if (error instanceof ApiError) {
    const facts = [error.code, error.param && `field ${error.param}`, error.executionId, error.requestId];
    terminal.stderr.write(`${style("dim", facts.filter((fact) => fact !== undefined && fact !== "").join(" · "))}\n`);
  }
  if (hint !== undefined) terminal.stderr.write(`${hint}\n`);
}
