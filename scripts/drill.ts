// Kills the real server again and again under load and checks that nothing was lost; run before a release: npm run drill.
// npm run drill -- [--moments 200] [--seed N] [--loops 16] [--short]
import { parseArgs } from "node:util";
import { runDrill } from "./drill/drill.ts";

const { values } = parseArgs({
  options: {
    /** Random moments, beside every named point. */
    moments: { type: "string" },
    /** The same seed gives the same order of kills and of work; their timing stays the machine's. */
    seed: { type: "string" },
    loops: { type: "string", default: "16" },
    /** A minute or two instead of ten. */
    short: { type: "boolean", default: false },
  },
});
const moments = Number(values.moments ?? (values.short ? "20" : "200"));
const seed = Number(values.seed ?? String(Date.now() % 1_000_000));
const startedAt = performance.now();
console.log(`drill: ${moments} random moments and every named point, seed ${seed}`);

const report = await runDrill({
  moments,
  seed,
  loops: Number(values.loops),
  refusedShare: values.short ? 0 : 0.03,
  checkEvery: values.short ? 20 : 50,
  settleMs: 120_000,
  ...(values.short ? { firstStarts: 4 } : {}),
  onProgress: (line) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${line}`),
});
for (const problem of report.problems.slice(0, 50)) console.error(problem);
if (report.problems.length > 0) {
  console.error(`${report.problems.length} in all; kept: ${report.folder}`);
  process.exitCode = 1;
}
console.log(`drill: ${report.kills} kills, ${report.executions} executions, ${report.problems.length} violations`);
