import { type Command, Option } from "commander";
import type { UsageFigures, UsageQuery, UsageReport } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { findAgentId } from "../find-agent.ts";
import { renderTable } from "../table.ts";

interface UsageOptions {
  by: "day" | "agent" | "model";
  agent?: string;
  from?: string;
  to?: string;
}

/** `runyard usage` */
export function defineUsage(command: Command, cli: Cli): void {
  command
    .addOption(new Option("--by <group>", "a line for each").choices(["day", "agent", "model"]).default("day"))
    .option("--agent <agent>", "only of this agent, by id or by name")
    .option("--from <date>", "on or after this day (UTC)")
    .option("--to <date>", "on or before this day (UTC)")
    .action(async (options: UsageOptions) => {
      const client = cli.client();
      const query: UsageQuery = { groupBy: options.by, startDate: options.from, endDate: options.to };
      if (options.agent !== undefined) query.agentId = await findAgentId(client, options.agent);
      cli.print(await client.usage(query), (report) => renderReport(report, options.by));
    });
}

function renderReport(report: UsageReport, by: string): string {
  const rows = [...report.data.map((group) => figureRow(group.key, group)), figureRow("total", report.total)];
  return renderTable([by, "executions", "tokens in", "tokens out", "cost"], rows, "None.");
}

function figureRow(key: string, figures: UsageFigures): string[] {
  const cost = figures.costUsd === null ? "unknown" : `$${figures.costUsd.toFixed(6)}`;
  const { inputTokens, outputTokens } = figures.usage;
  return [key, String(figures.executions), String(inputTokens), String(outputTokens), cost];
}
