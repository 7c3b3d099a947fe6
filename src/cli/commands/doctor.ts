import type { Command } from "commander";
import { loadSettings } from "../../config/load-settings.ts";
import type { Settings } from "../../config/settings.ts";
import type { Cli } from "../cli.ts";
import { findConnection } from "../connect.ts";
import { checkDatabase } from "../doctor/check-database.ts";
import { checkChromium, checkDataDirectory, checkNode, checkPython, checkSqlite } from "../doctor/check-machine.ts";
import { checkModels } from "../doctor/check-models.ts";
import { checkSandbox } from "../doctor/check-sandbox.ts";
import { checkServer } from "../doctor/check-server.ts";
import { type Finding, found, missing } from "../doctor/check.ts";
import { CommandError, exitCodes } from "../exit-code.ts";
import { styler } from "../terminal.ts";

/** `runyard doctor` */
export function defineDoctor(command: Command, cli: Cli): void {
  command
    .option("--config <path>", "the server's settings file")
    .addHelpText(
      "after",
      "\nIt reads the same settings as `runyard serve`. Exit code 1 when something required is missing.",
    )
    .action(async (options: { config?: string }) => {
      const findings = await examine(cli, options);
      cli.print({ findings }, () => findings.map((finding) => renderFinding(cli, finding)).join("\n"));
      const lacking = findings.filter(({ state }) => state === "missing");
      if (lacking.length > 0) {
        throw new CommandError(exitCodes.failure, `Missing: ${lacking.map(({ name }) => name).join(", ")}.`);
      }
    });
}

async function examine(cli: Cli, options: { config?: string }): Promise<Finding[]> {
  const { environment } = cli.terminal;
  const machine = [checkNode(process.versions.node), await checkSqlite()];
  let settings: Settings;
  try {
    settings = await loadSettings({ env: environment, flags: { config: options.config } });
  } catch (error) {
    // Without settings there is no telling which database, models and directory are meant.
    const detail = error instanceof Error ? error.message : String(error);
    return [...machine, missing("settings", detail, "Correct them; docs/settings.md lists all.")];
  }
  const rest = await Promise.all([
    checkDatabase(settings.databaseUrl),
    checkModels(settings),
    checkPython(),
    checkSandbox(environment["PATH"]),
    checkChromium(),
    checkServer(findConnection({ url: cli.url }, environment)),
  ]);
  return [...machine, found("settings", "valid"), checkDataDirectory(settings.dataDir), ...rest.flat()];
}

function renderFinding(cli: Cli, finding: Finding): string {
  const style = styler(cli.terminal.stdout, cli.terminal.environment);
  const marks = { ok: style("green", "ok     "), absent: style("yellow", "absent "), missing: style("red", "MISSING") };
  const remedy = finding.remedy === undefined ? "" : `\n${" ".repeat(24)}${finding.remedy}`;
  return `${marks[finding.state]} ${finding.name.padEnd(15)} ${finding.detail}${remedy}`;
}
