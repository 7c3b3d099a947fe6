import type { Command } from "commander";
import type { Conversation } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { findAgentId } from "../find-agent.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields } from "../table.ts";

/** `runyard conversations …` */
export function defineConversations(command: Command, cli: Cli): void {
  withPageOptions(command.command("list").description("list conversations, newest first"))
    .option("--agent <agent>", "only those this agent opened, by id or by name")
    .action(async (options: PageOptions & { agent?: string }) => {
      const client = cli.client();
      const { agent, ...query } = options;
      const agentId = agent === undefined ? undefined : await findAgentId(client, agent);
      printPage(
        cli,
        await client.conversations.list({ ...query, ...(agentId === undefined ? {} : { agentId }) }),
        ["id", "agent", "turns", "tokens", "last active"],
        (item) => [item.id, item.agentId, String(item.turnCount), String(item.tokenCount), item.lastActiveAt],
        options,
      );
    });

  command
    .command("show <conversation>")
    .description("show its turns")
    .action(async (id: string) => {
      cli.print(await cli.client().conversations.get(id), renderConversation);
    });

  command
    .command("delete <conversation>")
    .description("delete a conversation and its turns for good")
    .action(async (id: string) => {
      cli.print(await cli.client().conversations.delete(id), (deleted) => `Deleted ${deleted.id}.`);
    });
}

function renderConversation(conversation: Conversation): string {
  const { id, agentId, turnCount, tokenCount, createdAt, lastActiveAt } = conversation;
  const head = renderFields({
    id,
    agent: agentId,
    turns: turnCount,
    tokens: tokenCount,
    created: createdAt,
    "last active": lastActiveAt,
  });
  return [head, ...conversation.turns.map((turn) => `\n${turn.role} (${turn.timestamp})\n${turn.content}`)].join("\n");
}
