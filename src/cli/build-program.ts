import { Command } from "commander";
import { Cli, type GlobalOptions } from "./cli.ts";
import { commandEntries } from "./command-tree.ts";
import { exitCodeHelp } from "./exit-code.ts";
import { forTerminal, type Terminal } from "./terminal.ts";

/**
 * The whole command line as one commander program. Commands that `isWanted` refuses appear in the help, but their files
 * are not read.
 *
 * @param isQuiet nothing is said of wrong usage; what is thrown tells
 */
export async function buildProgram(
  terminal: Terminal,
  version: string,
  isWanted: (name: string) => boolean,
  isQuiet = false,
): Promise<{ program: Command; cli: Cli }> {
  const program = new Command("runyard")
    .description("Keep AI agents on a server of your own and run them.")
    .option("--json", "print JSON")
    .option("--url <url>", "the server (else RUNYARD_URL, else what `serve` wrote, else http://127.0.0.1:8787)")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .helpCommand("help [command]", "explain a command")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => isQuiet || terminal.stderr.write(forTerminal(terminal.stderr, text)),
    })
    .showHelpAfterError("(--help explains the command)")
    .exitOverride()
    .addHelpText(
      "after",
      `\nThe key is read from RUNYARD_API_KEY, else from the file that \`serve\` wrote.${exitCodeHelp}`,
    );
  const cli = new Cli(terminal, () => program.opts<GlobalOptions>());
  for (const entry of commandEntries) {
    const command = program.command(entry.name).description(entry.summary);
    if (isWanted(entry.name)) (await entry.load())(command, cli);
  }
  return { program, cli };
}
