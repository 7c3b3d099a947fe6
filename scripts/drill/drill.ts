import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startProcess } from "../../test/e2e/start-process.ts";
import { checkInvariants, type InvariantsReport } from "../../test/support/invariants.ts";
import { type Ledgers, noLedgers, readJsonLines } from "../../test/support/invariants/ledgers.ts";
import { openReader } from "../../test/support/invariants/reader.ts";
import type { LedgerEntry } from "../../test/support/tool-server.ts";
import type { SinkEntry } from "../../test/support/webhook-sink.ts";
import { allPoints, drainPoints, migrationPoints, startPoints, workPoints } from "./crash-points.ts";
import { DrillClient } from "./drill-client.ts";
import { DrilledServer } from "./drilled-server.ts";
import { killAt, planKills } from "./kill-plan.ts";
import { Load } from "./load.ts";
import { createRandom, type Random } from "./random.ts";
import { createTenant } from "./tenants.ts";

export interface DrillOptions {
  /** Random moments at which the server is killed, beside the named points. */
  moments: number;
  /** Named points; default all. */
  points?: readonly string[];
  /** First starts on an empty directory that are cut off; default all there are. */
  firstStarts?: number;
  seed: number;
  /** Loops of load at once. */
  loops: number;
  /** The share of webhook events whose first try is refused; they come again ten seconds later. */
  refusedShare: number;
  /** The invariants are checked after so many kills, while the server is down. */
  checkEvery: number;
  /** How long everything accepted may take to come to its end after the last kill, in milliseconds. */
  settleMs: number;
  onProgress?: (line: string) => void;
}

export interface DrillReport {
  kills: number;
  executions: number;
  /** What must not be, in words; empty when all is well. */
  problems: string[];
  counts: InvariantsReport["counts"];
  /** With database and ledgers; removed when there are no problems. */
  folder: string;
}

const firstKey = "rk-drill-0123456789abcdef";

/**
 * Kills the real server again and again under load, lets everything come to its end, and checks the invariants against
 * what the tools, the webhook sink and the callers have seen.
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { onProgress = () => undefined } = options;
  const random = createRandom(options.seed);
  const folder = await mkdtemp(join(tmpdir(), "runyard-drill-"));
  const problems: string[] = [];
  let kills = await drillFirstStarts(folder, options, problems);
  onProgress(`${kills} first starts cut off`);

  const drilled = await drillUnderLoad(folder, options, random, problems);
  kills += drilled.kills;
  const { counts } = drilled;
  if (problems.length === 0) await rm(folder, { recursive: true, force: true });
  // What one check has found the next one finds again.
  return { kills, executions: counts.executions, problems: [...new Set(problems)], counts, folder };
}

/** A first start that is cut off leaves a directory on which the next start works. @returns kills */
async function drillFirstStarts(folder: string, options: DrillOptions, problems: string[]): Promise<number> {
  const points = [
    ...migrationPoints.map((name) => `${name}:1`),
    ...[1, 2, 3, 4].flatMap((nth) => [`group-to-commit:${nth}`, `group-to-sync:${nth}`, `group-committed:${nth}`]),
    "recover:1",
    "recovered:1",
    "run:1",
  ].slice(0, options.firstStarts);
  for (const [index, point] of points.entries()) {
    const [name = "", nth] = point.split(":");
    const directory = join(folder, `first-${index}`);
    mkdirSync(directory);
    await using server = await makeServer(directory, { NODE_COMPILE_CACHE: cacheOf(folder) });
    const reached = await server.process.live({ type: "point", name, nth: Number(nth), drain: false, afterMs: 0 });
    if (!reached) problems.push(`a first start never came to ${point}`);
    await server.process.start();
    const client = new DrillClient(server.url);
    const answer = await client.call(firstKey, { method: "GET", path: "/v1/agents" });
    await client.close();
    if (answer.status !== 200)
      problems.push(`after a death at ${point} of its first start it answers ${answer.status}`);
    await server.process.close();
    const { violations } = await checkInvariants({ database: server.database, ledgers: noLedgers, atRest: true });
    problems.push(...violations.map(({ invariant, message }) => `${invariant} ${message} (first start, ${point})`));
  }
  return points.length;
}

async function drillUnderLoad(
  folder: string,
  options: DrillOptions,
  random: Random,
  problems: string[],
): Promise<{ kills: number; counts: InvariantsReport["counts"] }> {
  const { onProgress = () => undefined } = options;
  await using parts = new AsyncDisposableStack();
  const toolLedger = join(folder, "tools.jsonl");
  const sinkLedger = join(folder, "webhooks.jsonl");
  const modelUrl = await startPart(parts, "scripted-model-server.ts", ["--piece-delay-ms", "4"]);
  const toolsUrl = await startPart(parts, "tool-server.ts", ["--ledger", toolLedger]);
  const sinkUrl = await startPart(parts, "webhook-sink.ts", ["--ledger", sinkLedger]);
  const server = parts.use(
    await makeServer(folder, {
      NODE_COMPILE_CACHE: cacheOf(folder),
      OPENAI_API_KEY: "sk-scripted",
      OPENAI_BASE_URL: `${modelUrl}/v1`,
      RUNYARD_ALLOW_PRIVATE_NETWORK: [toolsUrl, sinkUrl].map((url) => new URL(url).host).join(),
    }),
  );
  const client = new DrillClient(server.url);
  parts.defer(() => client.close());
  await server.process.start();
  const common = { toolsUrl, sinkUrl, refusedShare: options.refusedShare };
  const load = new Load(
    client,
    [
      await createTenant(client, firstKey, { name: "limited", creditLimitUsd: 1000, ...common }),
      await createTenant(client, firstKey, { name: "free", creditLimitUsd: null, ...common }),
    ],
    random,
  );
  // In good order, so that what was compiled is kept and later starts are quick.
  await server.process.close();

  const readLedgers = (): Ledgers => ({
    tools: readJsonLines<LedgerEntry>(toolLedger),
    webhooks: readJsonLines<SinkEntry>(sinkLedger),
    client: [...client.notes],
  });
  const check = async (atRest: boolean): Promise<InvariantsReport> => {
    const ledgers = readLedgers();
    const report = await checkInvariants({ database: server.database, ledgers, atRest });
    problems.push(...report.violations.map(({ invariant, message }) => `${invariant} ${message}`));
    if (problems.length > 0) {
      appendFileSync(join(folder, "client.jsonl"), ledgers.client.map((note) => `${JSON.stringify(note)}\n`).join(""));
    }
    return report;
  };

  const working = load.run(options.loops);
  // A loop that gives up ends the drill at the next kill, and its error is thrown below.
  let gaveUp = false;
  working.catch(() => (gaveUp = true));
  const points = options.points ?? [...startPoints, ...workPoints, ...drainPoints];
  const plan = planKills(random, { moments: options.moments, points });
  const missed = new Map<string, number>();
  let kills = 0;
  for (const kill of plan) {
    if (gaveUp || problems.length > 0) break;
    const reached = await server.process.live(kill);
    kills += 1;
    if (kill.type === "point" && !reached) {
      const tries = (missed.get(kill.name) ?? 0) + 1;
      missed.set(kill.name, tries);
      // It was not passed so often in the time: the first pass will do.
      if (tries < 8) plan.push(killAt(kill.name, 1, random));
      else problems.push(`the server never came to ${kill.name}`);
    }
    if (kills % 10 === 0) onProgress(`kill ${kills} of ${plan.length}: ${load.ended} executions ended`);
    if (kills % options.checkEvery === 0) await check(false);
  }
  await server.process.start();
  load.stop();
  await working;
  await settle(server.database, options.settleMs);
  await server.process.stop();
  const { counts } = await check(true);
  problems.push(...client.complaints);
  const passed = new Set(readFileSync(server.pointsFile, "utf8").split("\n").filter(Boolean));
  for (const name of passed)
    if (!allPoints.includes(name)) problems.push(`the point ${name} is not in crash-points.ts`);
  onProgress(JSON.stringify(counts));
  return { kills, counts };
}

/** Waits until nothing is under way, or the time is over; the check then says what is. */
async function settle(database: string, settleMs: number): Promise<void> {
  const until = performance.now() + settleMs;
  while (performance.now() < until) {
    await using reader = await openReader(database);
    const [row] = await reader.rows(
      `select (select count(*) from outbox) + (select count(*) from execution
        where status in ('queued', 'running', 'waiting')) as count`,
    );
    if (row?.["count"] === 0) return;
    await pause(200);
  }
}

/** @returns the URL that the process prints */
async function startPart(parts: AsyncDisposableStack, file: string, args: string[]): Promise<string> {
  const started = parts.use(startProcess(`test/support/${file}`, args, {}));
  return (await started.until(/http:\/\/[\d.]+:\d+/))[0];
}

async function makeServer(
  directory: string,
  environment: Record<string, string>,
): Promise<{ url: string; database: string; pointsFile: string; process: DrilledServer } & AsyncDisposable> {
  const port = await findFreePort();
  const dataDir = join(directory, "data");
  const pointsFile = join(directory, "points");
  const process = new DrilledServer({
    logFile: join(directory, "server.log"),
    pointsFile,
    environment: {
      RUNYARD_DATA_DIR: dataDir,
      RUNYARD_PORT: String(port),
      RUNYARD_API_KEY: firstKey,
      RUNYARD_LOG_LEVEL: "warn",
      RUNYARD_DRAIN_TIMEOUT_MS: "150",
      ...environment,
    },
  });
  return {
    url: `http://127.0.0.1:${port}`,
    database: join(dataDir, "runyard.db"),
    pointsFile,
    process,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** What one start has compiled the next need not. */
function cacheOf(folder: string): string {
  return join(folder, "compiled");
}

/** One that is free now: the server keeps it over its deaths, as a real one does. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return address.port;
}
