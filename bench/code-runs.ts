// What a run of a code agent costs over the same script under bubblewrap by hand, in Python and Node, and how fast a flood
// of output is stored. The engine and SQLite are in the same process. Run: node bench/code-runs.ts [--seconds 8]
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CodeDefinition } from "../src/contract/agent.ts";
import type { Id } from "../src/contract/ids.ts";
import { foldLog } from "../src/engine/fold-log.ts";
import { type CodeRuns, startCodeRuns } from "../test/support/code-runs.ts";
import { type Figure, printFigures, quantile, readBenchOptions } from "./parts/figures.ts";

const callers = 8;
const floodEvents = 100_000;

const { seconds, json } = readBenchOptions(8);
const run = promisify(execFile);
const figures: Figure[] = [];
const runs = await startCodeRuns();
const byHand = await mkdtemp(join(tmpdir(), "runyard-by-hand-"));
await writeFile(
  join(byHand, "agent.py"),
  'def main(inputs):\n    return "hello " + inputs["name"]\nprint(main({"name": "you"}))\n',
);
await writeFile(join(byHand, "agent.js"), 'console.log("hello " + "you")\n');

const node = runs.sandbox.tools.find(({ name }) => name === "node")?.source ?? process.execPath;
for (const { name, command, agent } of [
  {
    name: "Python",
    command: ["python3", "agent.py"],
    agent: {
      files: { "agent.py": 'def main(inputs):\n    return "hello " + inputs["name"]\n' },
      entryPoint: "agent:main",
    },
  },
  {
    name: "Node",
    command: ["/opt/node", "agent.js"],
    agent: { files: { "agent.js": 'console.log("hello " + "you")\n' }, adapter: "node", entryPoint: "node agent.js" },
  },
] satisfies { name: string; command: string[]; agent: Partial<CodeDefinition> & { files: Record<string, string> } }[]) {
  const version = await runs.agent(agent);
  const ours = async () =>
    checkEnd(runs, await runs.start(version, { input: { name: "you" }, organizationId: version }));
  const floor = () => run("bwrap", bubblewrapByHand(command), { env: {} });
  await ours(); // warm: unpacked, and the code compiled
  const [ourTimes, floorTimes] = await inTurns([ours, floor], seconds / 4);
  const median = quantile(ourTimes, 0.5);
  const floorMedian = quantile(floorTimes, 0.5);
  figures.push({
    figure: `a warm one-line ${name} agent, one caller, p50`,
    measured: `${median.toFixed(1)} ms (p99 ${quantile(ourTimes, 0.99).toFixed(1)} ms)`,
    floor: `${floorMedian.toFixed(1)} ms under bubblewrap by hand`,
    ratio: (median / floorMedian).toFixed(2),
  });
  // In turns again: what else the machine does meets both alike.
  const rates = { ours: 0, floor: 0, turns: 3 };
  for (let turn = 0; turn < rates.turns; turn += 1) {
    rates.floor += await rate(floor, seconds / 4 / rates.turns);
    rates.ours += await rate(ours, seconds / 4 / rates.turns);
  }
  const [perSecond, floorPerSecond] = [rates.ours / rates.turns, rates.floor / rates.turns];
  figures.push({
    figure: `the same, ${callers} callers`,
    measured: `${perSecond.toFixed(1)}/s`,
    floor: `${floorPerSecond.toFixed(1)}/s`,
    ratio: (perSecond / floorPerSecond).toFixed(2),
    target: "≥ 0.70",
    reached: perSecond / floorPerSecond >= 0.7,
  });
}

for (const [kind, line] of [
  ["deltas", '{"type":"delta","content":"%d "}'],
  ["events of their own", '{"type":"tick","n":%d}'],
] as const) {
  const flood = await runs.agent({
    files: {
      "agent.py": `
import sys
def main():
    for n in range(${floodEvents}): sys.stdout.write('__CHARM_EVENT__${line}\\n' % n)
`,
    },
    entryPoint: "agent:main",
    timeoutMs: 300_000,
  });
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss);
  }, 20);
  const startedAt = performance.now();
  await checkEnd(runs, await runs.start(flood));
  const elapsedMs = performance.now() - startedAt;
  clearInterval(watch);
  figures.push({
    figure: `${floodEvents.toLocaleString("en")} ${kind} through one run`,
    measured: `${Math.round((floodEvents / elapsedMs) * 1000).toLocaleString("en")} events/s, + ${((highest - before) / 2 ** 20).toFixed(0)} MiB at most`,
  });
}

await runs[Symbol.asyncDispose]();
await rm(byHand, { recursive: true });
printFigures("Runs of code agents", figures, json);

/** The least that keeps a script from the machine: what one writes who has read the manual. */
function bubblewrapByHand(command: readonly string[]): string[] {
  const system =
    "--unshare-all --die-with-parent --new-session --proc /proc --dev /dev --tmpfs /tmp --ro-bind /usr /usr";
  const links = "--symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --setenv PATH /usr/bin:/bin";
  const folders = ["--ro-bind", node, "/opt/node", "--bind", byHand, "/app", "--chdir", "/app"];
  return [...`${system} ${links}`.split(" "), ...folders, "--", ...command];
}

async function checkEnd({ test }: CodeRuns, id: Id): Promise<void> {
  const last = await foldLog(test.engine.feed, id, { after: 0 }, () => undefined);
  if (last?.type === "execution-failed") throw new Error(JSON.stringify(last.body));
}

async function inTurns(works: readonly (() => Promise<unknown>)[], forSeconds: number): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  const end = performance.now() + forSeconds * 1000 * works.length;
  while (performance.now() < end) {
    for (const [index, work] of works.entries()) {
      const startedAt = performance.now();
      await work();
      times[index]?.push(performance.now() - startedAt);
    }
  }
  return times;
}

/** How often a second it is done by so many at once. */
async function rate(work: () => Promise<unknown>, forSeconds: number): Promise<number> {
  const startedAt = performance.now();
  const end = startedAt + forSeconds * 1000;
  let done = 0;
  const caller = async () => {
    while (performance.now() < end) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (done / (performance.now() - startedAt)) * 1000;
}
