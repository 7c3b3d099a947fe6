import { type Command, Option } from "commander";
import type { ApiKey, CreatedApiKey, Scope } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { collectList } from "../option-values.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields } from "../table.ts";

/** `runyard keys …` */
export function defineKeys(command: Command, cli: Cli): void {
  command
    .command("create <name>")
    .description("make an API key; its text is shown only this once")
    .addOption(
      new Option("--environment <environment>", "which data it sees").choices(["live", "test"]).default("live"),
    )
    .option(
      "--scope <scope>",
      "may be repeated (default: agents:read, agents:write, agents:execute, analytics:read)",
      collectList,
    )
    .option("--expires <time>", "when it ends, as an ISO 8601 time")
    .action(async (name: string, options: { environment: "live" | "test"; scope?: Scope[]; expires?: string }) => {
      const { environment, scope, expires } = options;
      const fields = { name, environment, scopes: scope, expiresAt: expires };
      cli.print(await cli.client().keys.create(fields), renderCreated);
      if (!cli.isJson) cli.note("The key is not shown again.", "yellow");
    });

  withPageOptions(command.command("list").description("list API keys, newest first")).action(
    async (options: PageOptions) => {
      const headers = ["id", "name", "prefix", "environment", "scopes", "last used", "expires"];
      printPage(cli, await cli.client().keys.list(options), headers, keyRow, options);
    },
  );

  command
    .command("revoke <key>")
    .description("revoke an API key by its id; it stops working at once")
    .action(async (id: string) => {
      cli.print(await cli.client().keys.revoke(id), (revoked) => `Revoked ${revoked.id}.`);
    });
}

function keyRow(key: ApiKey): string[] {
  const { id, name, prefix, environment, scopes, lastUsed, expiresAt } = key;
  return [id, name, prefix, environment, scopes.join(","), lastUsed ?? "never", expiresAt ?? "never"];
}

function renderCreated(key: CreatedApiKey): string {
  const { id, name, environment, scopes, expiresAt } = key;
  return renderFields({
    key: key.key,
    id,
    name,
    environment,
    scopes: scopes.join(", "),
    expires: expiresAt ?? "never",
  });
}
