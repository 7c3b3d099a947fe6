import type { Command } from "commander";
import type { Page } from "../../client/src/index.ts";
import type { Cli } from "./cli.ts";
import { parseLimit } from "./option-values.ts";
import { renderTable } from "./table.ts";

export interface PageOptions {
  limit?: number;
  after?: string;
  before?: string;
}

/** Adds the options of a list. */
export function withPageOptions(command: Command): Command {
  return command
    .option("--limit <n>", "how many, 1 to 100 (default 20)", parseLimit)
    .option("--after <id>", "only items older than this one")
    .option("--before <id>", "only items newer than this one");
}

/** Prints one page, and how to get the next one. */
export function printPage<T>(
  cli: Cli,
  page: Page<T>,
  headers: readonly string[],
  row: (item: T) => readonly string[],
  options: PageOptions,
): void {
  cli.print(page, ({ data }) => renderTable(headers, data.map(row), "None."));
  if (!cli.isJson && page.hasMore && page.nextCursor !== undefined) {
    cli.note(`There are more: --${options.before === undefined ? "after" : "before"} ${page.nextCursor}`);
  }
}
