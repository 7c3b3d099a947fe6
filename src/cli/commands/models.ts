import type { Command } from "commander";
import { loadSettings } from "../../config/load-settings.ts";
import type { Settings } from "../../config/settings.ts";
import { defaultLocalModel } from "../../models/local/catalogue.ts";
import { type ListedModel, listModels } from "../../models/local/list-models.ts";
import { removeModel } from "../../models/local/remove-model.ts";
import type { Cli } from "../cli.ts";
import { CommandError, exitCodes } from "../exit-code.ts";
import { fetchLocalModel } from "../fetch-local-model.ts";
import { renderTable } from "../table.ts";

/** `runyard models …`: works on the data directory itself, with or without a server running. */
export function defineModels(command: Command, cli: Cli): void {
  command
    .option("--data-dir <path>", "the server's data directory (else RUNYARD_DATA_DIR, else .runyard)")
    .option("--config <path>", "the server's settings file");
  const readSettings = (): Promise<Settings> =>
    loadSettings({ env: cli.terminal.environment, flags: command.opts<{ dataDir?: string; config?: string }>() });

  command
    .command("list")
    .description("list the models that can run on this machine, and which are here")
    .action(async () => {
      const { dataDir } = await readSettings();
      cli.print({ data: await listModels({ dataDir }) }, ({ data }) => renderModels(data));
    });

  command
    .command("pull [model]")
    .description(`fetch a model (default: ${defaultLocalModel}); a download that broke off goes on`)
    .addHelpText("after", "\nAny GGUF file of the model hub: runyard models pull hf:owner/repository/file.gguf")
    .action(async (name: string = defaultLocalModel) => {
      const settings = await readSettings();
      const interrupted = new AbortController();
      const release = cli.terminal.onSignal("SIGINT", () => interrupted.abort());
      try {
        const path = await fetchLocalModel(cli.terminal, settings, name, interrupted.signal);
        cli.print({ name, path }, () => `${name} is at ${path}`);
      } catch (cause) {
        if (!interrupted.signal.aborted) throw cause;
        const hint = "What was fetched is kept; the same command goes on from there.";
        throw new CommandError(exitCodes.interrupted, "Interrupted.", { hint, cause });
      } finally {
        release();
      }
    });

  command
    .command("remove <model>")
    .description("delete a model's file")
    .action(async (name: string) => {
      const { dataDir } = await readSettings();
      const freedBytes = await removeModel(name, { dataDir });
      if (freedBytes === 0) throw new CommandError(exitCodes.notFound, `${name} is not in ${dataDir}.`);
      cli.print({ name, freedBytes }, () => `Removed ${name}, ${megabytes(freedBytes)}.`);
    });
}

function renderModels(models: readonly ListedModel[]): string {
  const rows = models.map((model) => [
    model.name,
    model.path === undefined ? "no" : "yes",
    model.bytes === 0 ? "unknown" : megabytes(model.bytes),
    model.license ?? "see its page",
    model.quality,
  ]);
  return renderTable(["name", "here", "size", "license", "what to expect"], rows, "None.");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
