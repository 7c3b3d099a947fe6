import { Argument, type Command } from "commander";
import { buildProgram } from "../build-program.ts";
import type { Cli } from "../cli.ts";
import { readCompletionTree, renderCompletion, type Shell } from "../completion-script.ts";

/** `runyard completion SHELL` */
export function defineCompletion(command: Command, cli: Cli): void {
  command
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
  bash  echo 'source <(runyard completion bash)' >> ~/.bashrc
  zsh   runyard completion zsh > "\${fpath[1]}/_runyard"
  fish  runyard completion fish > ~/.config/fish/completions/runyard.fish`,
    )
    .action(async (shell: Shell) => {
      const { program } = await buildProgram(cli.terminal, "", () => true);
      cli.write(renderCompletion(shell, readCompletionTree(program)));
    });
}
