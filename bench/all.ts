// Runs all benchmarks one after the other and prints one table; the ones that print no figures of this table are shown as
// they print. Run on a quiet machine: npm run bench
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Figure, printFigures } from "./parts/figures.ts";

/** They take `--json`. */
const withFigures = ["chat.ts", "first-token.ts", "streams.ts", "start.ts"];
const others = readdirSync("bench").filter((name) => name.endsWith(".ts") && name !== "all.ts");

const outcomeSchema = z.object({
  title: z.string(),
  figures: z.array(
    z.object({
      figure: z.string(),
      measured: z.string(),
      floor: z.string().optional(),
      ratio: z.string().optional(),
      target: z.string().optional(),
      reached: z.boolean().optional(),
    }),
  ),
});

const started = loadavg()[0] ?? 0;
process.stdout.write(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ` +
    `load average ${started.toFixed(1)}\n`,
);
const figures: Figure[] = [];
for (const name of withFigures) {
  process.stdout.write(`${name} …\n`);
  const { title, figures: own } = outcomeSchema.parse(JSON.parse(await run(name, ["--json"])));
  figures.push({ figure: title, measured: "" }, ...own);
}
for (const name of others) {
  if (!withFigures.includes(name)) process.stdout.write(`\n${name}\n${await run(name, [])}`);
}
printFigures("All of them", figures);

/** @returns what it printed. @throws when it did not end well */
async function run(name: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [`bench/${name}`, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const output = await text(child.stdout);
  await exited;
  if (child.exitCode !== 0) throw new Error(`bench/${name} ended with ${child.exitCode ?? child.signalCode}`);
  return output;
}
