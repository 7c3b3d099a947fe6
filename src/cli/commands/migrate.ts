import type { Command } from "commander";
import { loadSettings } from "../../config/load-settings.ts";
import { openDatabase } from "../../store/open-database.ts";
import type { Cli } from "../cli.ts";

/** `runyard migrate`: what a server does at its start, by itself and ahead of it. */
export function defineMigrate(command: Command, cli: Cli): void {
  command
    .option("--data-dir <path>", "the server's data directory (else RUNYARD_DATA_DIR, else .runyard)")
    .option("--config <path>", "the server's settings file")
    .addHelpText(
      "after",
      "\nA server migrates at its start as well; this is for doing it ahead. Stop the server first.",
    )
    .action(async (flags: { dataDir?: string; config?: string }) => {
      const settings = await loadSettings({ env: cli.terminal.environment, flags });
      const { dataDir, databaseUrl } = settings;
      const lost = Promise.withResolvers<never>();
      await using database = await openDatabase({ dataDir, url: databaseUrl, onLockLost: lost.reject });
      await Promise.race([database.migrate(), lost.promise]);
      const where = databaseUrl === undefined ? `in ${dataDir}` : `at ${URL.parse(databaseUrl)?.host ?? "its address"}`;
      cli.print({ migrated: true }, () => `The database ${where} has the tables of this version.`);
    });
}
