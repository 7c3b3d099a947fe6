import { type Command, Option } from "commander";
import type { Organization, OrganizationFields, Plan } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { CommandError, exitCodes } from "../exit-code.ts";
import { parseNumber } from "../option-values.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields } from "../table.ts";

interface OrganizationOptions {
  name?: string;
  plan?: Plan;
  /** False for `--no-credit-limit`. */
  creditLimit?: number | false;
}

/** `runyard organizations …` */
export function defineOrganizations(command: Command, cli: Cli): void {
  withOrganizationOptions(
    command.command("create <name>").description("make a tenant with its first key, shown only this once"),
  ).action(async (name: string, options: OrganizationOptions) => {
    const created = await cli.client().organizations.create({ name, ...fieldsOf(options) });
    cli.print(created, (organization) => renderFields({ key: organization.key, ...organizationFields(organization) }));
    if (!cli.isJson) cli.note("The key is not shown again.", "yellow");
  });

  withPageOptions(command.command("list").description("list organizations, newest first")).action(
    async (options: PageOptions) => {
      printPage(
        cli,
        await cli.client().organizations.list(options),
        ["id", "name", "plan", "credit limit"],
        rowOf,
        options,
      );
    },
  );

  command
    .command("show <organization>")
    .description("show one organization")
    .action(async (id: string) => {
      cli.print(await cli.client().organizations.get(id), (found) => renderFields(organizationFields(found)));
    });

  withOrganizationOptions(command.command("update <organization>").description("change what is given"))
    .option("--name <name>", "name")
    .action(async (id: string, options: OrganizationOptions) => {
      const change = fieldsOf(options);
      if (Object.keys(change).length === 0) throw new CommandError(exitCodes.usage, "Nothing to change was given.");
      cli.print(await cli.client().organizations.update(id, change), (found) =>
        renderFields(organizationFields(found)),
      );
    });
}

function withOrganizationOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--plan <plan>", "rate limits and retention").choices(["starter", "professional", "enterprise"]),
    )
    .option("--credit-limit <usd>", "most it may spend, in US dollars", parseNumber)
    .option("--no-credit-limit", "let it spend without a limit");
}

function fieldsOf(options: OrganizationOptions): Partial<OrganizationFields> {
  const fields: Partial<OrganizationFields> = {};
  if (options.name !== undefined) fields.name = options.name;
  if (options.plan !== undefined) fields.plan = options.plan;
  if (options.creditLimit !== undefined && options.creditLimit !== false) fields.creditLimitUsd = options.creditLimit;
  if (options.creditLimit === false) fields.creditLimitUsd = null;
  return fields;
}

function organizationFields(organization: Organization): Record<string, string> {
  const { id, name, plan, spentUsd, createdAt } = organization;
  return { id, name, plan, "credit limit": limitText(organization), spent: `$${spentUsd}`, created: createdAt };
}

function limitText(organization: Organization): string {
  return organization.creditLimitUsd === null ? "none" : `$${organization.creditLimitUsd}`;
}

function rowOf(item: Organization): string[] {
  return [item.id, item.name, item.plan, limitText(item)];
}
