import { loadavg } from "node:os";
import { parseArgs } from "node:util";

/** One row of a benchmark's table. All texts are for people; nothing is asserted. */
export interface Figure {
  /** What was measured. */
  figure: string;
  /** With its unit. */
  measured: string;
  /** The least that anything could do, measured in the same run. */
  floor?: string;
  /** Measured to floor. */
  ratio?: string;
  /** What was asked for. */
  target?: string;
  reached?: boolean;
}

/**
 * `--seconds N` (how long each load goes on) and `--json` (figures as one line of JSON, for bench/all.ts).
 */
export function readBenchOptions(defaultSeconds: number): { seconds: number; json: boolean } {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: String(defaultSeconds) },
      json: { type: "boolean", default: false },
    },
  });
  return { seconds: Number(values.seconds), json: values.json };
}

/** Prints the table, and how busy the machine was: on a busy one all figures are worse than they should be. */
export function printFigures(title: string, figures: readonly Figure[], json = false): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ title, figures })}\n`);
    return;
  }
  const [load = 0] = loadavg();
  process.stdout.write(`\n${title} (load average ${load.toFixed(1)})\n\n${renderFigures(figures)}\n`);
}

/** As a table that Markdown reads as well. */
export function renderFigures(figures: readonly Figure[]): string {
  const head = ["figure", "measured", "floor", "ratio", "target", "reached"];
  const rows = figures.map(({ figure, measured, floor = "", ratio = "", target = "", reached }) => {
    return [figure, measured, floor, ratio, target, reached === undefined ? "" : reached ? "yes" : "no"];
  });
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

/** The value below which `share` of the values lie; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
