import { type Command, Option } from "commander";
import type { Webhook, WebhookEventType } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { findAgentId } from "../find-agent.ts";
import { collectList } from "../option-values.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields } from "../table.ts";

interface WebhookOptions {
  event?: WebhookEventType[];
  agent?: string;
  url?: string;
  status?: "active" | "disabled";
}

/** `runyard webhooks …` */
export function defineWebhooks(command: Command, cli: Cli): void {
  command
    .command("create <url>")
    .description("have events sent to a URL; the signing secret is shown only this once")
    .requiredOption("--event <type>", "such as execution.completed; may be repeated", collectList)
    .option("--agent <agent>", "only events of this agent, by id or by name")
    .action(async (url: string, options: WebhookOptions) => {
      const client = cli.client();
      const agentId = options.agent === undefined ? undefined : await findAgentId(client, options.agent);
      const created = await client.webhooks.create({
        url,
        events: options.event ?? [],
        ...(agentId === undefined ? {} : { agentId }),
      });
      cli.print(created, (webhook) => renderFields({ secret: webhook.secret, ...webhookFields(webhook) }));
      if (!cli.isJson) cli.note("The secret is not shown again.", "yellow");
    });

  withPageOptions(command.command("list").description("list webhooks, newest first")).action(
    async (options: PageOptions) => {
      printPage(
        cli,
        await cli.client().webhooks.list(options),
        ["id", "status", "url", "events", "agent"],
        rowOf,
        options,
      );
    },
  );

  command
    .command("show <webhook>")
    .description("show one webhook")
    .action(async (id: string) => {
      cli.print(await cli.client().webhooks.get(id), (webhook) => renderFields(webhookFields(webhook)));
    });

  command
    .command("update <webhook>")
    .description("change what is given")
    .option("--url <url>", "where to send")
    .option("--event <type>", "replaces the events; may be repeated", collectList)
    .addOption(new Option("--status <status>", "switch it off or on").choices(["active", "disabled"]))
    .action(async (id: string, options: WebhookOptions) => {
      const { url, status, event } = options;
      const updated = await cli.client().webhooks.update(id, { url, status, events: event });
      cli.print(updated, (webhook) => renderFields(webhookFields(webhook)));
    });

  command
    .command("delete <webhook>")
    .description("delete a webhook")
    .action(async (id: string) => {
      cli.print(await cli.client().webhooks.delete(id), (deleted) => `Deleted ${deleted.id}.`);
    });
}

function webhookFields(webhook: Webhook): Record<string, string> {
  const { id, url, events, agentId, status, createdAt } = webhook;
  return { id, url, events: events.join(", "), agent: agentId ?? "all", status, created: createdAt };
}

function rowOf(item: Webhook): string[] {
  return [item.id, item.status, item.url, item.events.join(","), item.agentId ?? "all"];
}
