import { CommanderError } from "commander";
import { ApiError } from "../../client/src/index.ts";
import { buildProgram } from "./build-program.ts";
import { type ExitCode, exitCodeOf, exitCodes, hintOf } from "./exit-code.ts";
import { forTerminal, styler, type Terminal } from "./terminal.ts";

/**
 * Runs one command line to its end.
 *
 * @param args without the names of the interpreter and the script
 * @returns what the process should exit with; errors have been shown by then
 */
export async function runCommandLine(args: readonly string[], version: string, terminal: Terminal): Promise<ExitCode> {
  const { program, cli } = await buildProgram(terminal, version, (name) => args.includes(name));
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    // Commander has shown its own errors, and help ends the same way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    showError(error, cli.isJson, terminal);
    return exitCodeOf(error);
  }
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
