// What open event streams cost: 10,000 idle readers, one log that goes to many, and readers that have stopped reading.
// Server (a build), model and readers are processes of their own. Run: node bench/streams.ts [--seconds 20]
// (the seconds are those of silence before memory is read: the garbage of opening streams is given back after about ten).
// Needs 10,100 open files in each process: ulimit -n 20000.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { startProcess } from "./parts/child-process.ts";
import { type Figure, printFigures, readBenchOptions } from "./parts/figures.ts";
import { rssBytes } from "./parts/process-usage.ts";
import { type Product, startProduct } from "./parts/product.ts";
import type { ReaderReply, ReaderRequest } from "./parts/stream-readers.ts";

const { seconds, json } = readBenchOptions(20);
const idleReaders = 10_000;
const idleLogs = 100;
const liveReaders = 64;
const liveEvents = 8_000;
const stoppedReaders = 50;
/** Longer than what the system's socket buffers swallow, which are not memory of the process: 12 MB. */
const stoppedLog = { events: 40_000, bytes: 250 };

await using owned = new AsyncDisposableStack();
const model = owned.use(await startProcess(["bench/parts/stream-model-server.ts"]));
const figures: Figure[] = [];
for (const part of [idle, fanOut, stopped]) {
  await using product = await startProduct({
    modelUrl: `${model.firstLine}/v1`,
    // A stopped reader is to be seen before it is closed, and a model that says nothing is not to be given up.
    env: { RUNYARD_MODEL_CHUNK_TIMEOUT_MS: "600000" },
  });
  await using readers = startReaders();
  await part(product, readers, await product.createAgent());
}
await owned.disposeAsync();
printFigures("Open event streams; server from a build, SQLite", figures, json);

async function idle(product: Product, readers: Readers, agentId: string): Promise<void> {
  const paths = [];
  for (let count = 0; count < idleLogs; count += 1) paths.push(await startWatchable(product, agentId, "stall"));
  // What any number of readers needs once is there before memory is read: compiled code, buffers of the event loop.
  await readers.tell({ type: "open", ...target(product), paths, count: 2 });
  await readers.tell({ type: "close" });
  await pause(seconds * 1000);
  const before = rssBytes(product.pid);
  const startedAt = performance.now();
  await readers.tell({ type: "open", ...target(product), paths, count: idleReaders / idleLogs });
  const openedAfterMs = performance.now() - startedAt;
  const early = rssBytes(product.pid);
  await pause(seconds * 1000);
  const each = (rssBytes(product.pid) - before) / idleReaders;
  const { open } = await readers.count();
  figures.push({
    figure: `memory of an idle reader, ${open.toLocaleString("en")} open, after ${seconds} s`,
    measured: `${kibi(each)} (at once ${kibi((early - before) / idleReaders)})`,
    target: "≤ 15 KB",
    reached: each <= 15 * 1024 && open === idleReaders,
  });
  figures.push({
    figure: "streams opened a second",
    measured: `${((idleReaders / openedAfterMs) * 1000).toFixed(0)}/s`,
  });
}

async function fanOut(product: Product, readers: Readers, agentId: string): Promise<void> {
  for (const round of ["warm-up", "live"] as const) {
    const path = await startWatchable(product, agentId, `flood ${liveEvents} 20`);
    await readers.tell({ type: "open", ...target(product), paths: [path], count: liveReaders });
    const { perSecond, events } = await untilClosed(readers);
    if (round === "warm-up") continue;
    figures.push({
      figure: `one log as it is written, to ${liveReaders} readers`,
      measured: `${(perSecond / 1000).toFixed(0)},000 events/s of ${events.toLocaleString("en")}`,
      target: "≥ 100,000 events/s",
      reached: perSecond >= 100_000,
    });
    await readers.tell({ type: "open", ...target(product), paths: [path], count: liveReaders });
    const again = await untilClosed(readers);
    figures.push({
      figure: `the same log once it is finished, to ${liveReaders} readers`,
      measured: `${(again.perSecond / 1000).toFixed(0)},000 events/s of ${again.events.toLocaleString("en")}`,
    });
  }
}

async function stopped(product: Product, readers: Readers, agentId: string): Promise<void> {
  const { events, bytes } = stoppedLog;
  const flood = `flood ${events} ${bytes}`;
  // The log is written once before, so that what an execution itself leaves behind is in the memory at the start.
  const finished = await startWatchable(product, agentId, flood);
  await readers.tell({ type: "open", ...target(product), paths: [finished], count: 1 });
  await untilClosed(readers);
  await pause(seconds * 1000);
  const before = rssBytes(product.pid);
  await readers.tell({ type: "open-stopped", ...target(product), paths: [finished], count: stoppedReaders });
  const early = (rssBytes(product.pid) - before) / stoppedReaders;
  // Less than it takes the server to close them.
  const silentMs = Math.min(20_000, seconds * 1000);
  await pause(silentMs);
  const each = (rssBytes(product.pid) - before) / stoppedReaders;
  figures.push({
    figure: `memory of a reader that stopped reading, ${stoppedReaders} of them`,
    measured: `${kibi(each)} (at once ${kibi(early)})`,
    target: "≤ 256 KiB",
    reached: each <= 256 * 1024,
  });
  const { closedAfterMs, open } = await untilServerCloses(product, 60_000);
  figures.push({
    figure: "until such readers are closed",
    measured: open === 0 ? `${((silentMs + closedAfterMs) / 1000).toFixed(0)} s` : `${open} are still open`,
    target: "closed",
    reached: open === 0,
  });
}

/** Starts an execution in the background. @returns the path of its stream */
async function startWatchable(product: Product, agentId: string, input: string): Promise<string> {
  const body = await product.call("POST", `/v1/agents/${agentId}/execute`, { input }, { prefer: "respond-async" });
  return `/v1/executions/${z.object({ id: z.string() }).parse(body).id}/stream`;
}

/** Whether the server has closed them is asked of the server: readers that do not read do not hear of it. */
async function untilServerCloses(
  product: Product,
  patienceMs: number,
): Promise<{ closedAfterMs: number; open: number }> {
  const startedAt = performance.now();
  for (;;) {
    const open = await countConnections(product);
    const closedAfterMs = performance.now() - startedAt;
    if (open === 0 || closedAfterMs > patienceMs) return { closedAfterMs, open };
    await pause(500);
  }
}

async function countConnections(product: Product): Promise<number> {
  const page = await (await fetch(`${product.url}/metrics`)).text();
  return Number(/^runyard_open_streams (\d+)$/m.exec(page)?.[1] ?? Number.NaN);
}

function target({ url, headers }: Product): { port: number; headers: Record<string, string> } {
  return { port: Number(new URL(url).port), headers: { authorization: headers["authorization"] ?? "" } };
}

interface Readers extends AsyncDisposable {
  tell(request: ReaderRequest): Promise<ReaderReply>;
  count(): Promise<Extract<ReaderReply, { type: "counted" }>>;
}

function startReaders(): Readers {
  const child: ChildProcess = fork("bench/parts/stream-readers.ts", { stdio: "inherit" });
  const tell = async (request: ReaderRequest): Promise<ReaderReply> => {
    const reply = once(child, "message");
    child.send(request);
    const [answer]: ReaderReply[] = await reply;
    if (answer === undefined) throw new Error("the readers did not answer");
    return answer;
  };
  return {
    tell,
    async count() {
      const reply = await tell({ type: "count" });
      if (reply.type !== "counted") throw new Error(`expected counted, came ${reply.type}`);
      return reply;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

/** Waits until all streams have ended. @returns what came in all, from the first event of any to the last */
async function untilClosed(readers: Readers): Promise<{ events: number; perSecond: number }> {
  for (;;) {
    const { open, events, firstAt, lastAt } = await readers.count();
    if (open === 0) return { events, perSecond: (events / (lastAt - firstAt)) * 1000 };
    await pause(100);
  }
}

function kibi(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
