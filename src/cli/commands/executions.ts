import type { Command } from "commander";
import type { Execution, ExecutionQuery } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { findAgentId } from "../find-agent.ts";
import { followExecution } from "../follow-execution.ts";
import { parseCount } from "../option-values.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderExecution } from "../render-execution.ts";
import { shorten } from "../table.ts";

/** `runyard executions …` */
export function defineExecutions(command: Command, cli: Cli): void {
  withPageOptions(command.command("list").description("list executions, newest first"))
    .option("--agent <agent>", "only of this agent, by id or by name")
    .option("--status <status>", "running, requires_action, completed, failed, cancelled; several with commas")
    .option("--from <date>", "created on or after this day or time (UTC)")
    .option("--to <date>", "created on or before this day or time (UTC)")
    .action(async (options: PageOptions & { agent?: string; status?: string; from?: string; to?: string }) => {
      const client = cli.client();
      const { agent, from, to, ...rest } = options;
      const query: ExecutionQuery = { ...rest, startDate: from, endDate: to };
      if (agent !== undefined) query.agentId = await findAgentId(client, agent);
      printPage(
        cli,
        await client.executions.list(query),
        ["id", "status", "agent", "created", "output"],
        rowOf,
        options,
      );
    });

  command
    .command("show <execution>")
    .description("show one execution with its tool calls and usage")
    .action(async (id: string) => {
      cli.print(await cli.client().executions.get(id), renderExecution);
    });

  command
    .command("watch <execution>")
    .description("show its events, from the first to the last or from where you left off")
    .option("--after <n>", "only events after this number", parseCount)
    .addHelpText("after", "\nCtrl-C stops watching; the execution goes on.")
    .action(async (id: string, options: { after?: number }) => {
      await followExecution(cli, cli.client().executions.watch(id, options));
    });

  command
    .command("cancel <execution>")
    .description("cancel a running execution")
    .action(async (id: string) => {
      cli.print(await cli.client().executions.cancel(id), (execution) => `Cancelled ${execution.id}.`);
    });

  command
    .command("restart <execution>")
    .description("start again, as a new execution, what has ended")
    .action(async (id: string) => {
      cli.print(await cli.client().executions.restart(id), (execution) => `Started ${execution.id}.`);
    });
}

function rowOf(item: Execution): string[] {
  return [item.id, item.status, item.agentId ?? "none", item.createdAt, shorten(item.output, 40)];
}
