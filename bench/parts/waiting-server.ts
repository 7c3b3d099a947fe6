// The process of bench/waiting.ts: fills a database with waiting executions and resumes them. One line of JSON a phase.
import { newId } from "../../src/contract/ids.ts";
import { Engine } from "../../src/engine/engine.ts";
import { toStatement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";

const [path = "", countText = ""] = process.argv.slice(2);
const count = Number(countText);
const database = new SqliteDatabase({ path });
await database.migrate();
let ended = 0;
let onEnded: () => void = () => undefined;
const engine = new Engine({
  database,
  limits: { total: 256, perOrganization: 256, perAgent: 256 },
  hooks: {
    alongside: () => [],
    committed: (_, events) => {
      if (events.at(-1)?.type !== "execution-completed") return;
      ended += 1;
      onEnded();
    },
  },
});
engine.define("waits", async (ctx) => {
  const seen = await ctx.step("look", async () => "nothing yet");
  return [seen, (await ctx.wait("answer")) ?? null];
});
engine.define("ends", async (ctx) => ctx.step("look", async () => "nothing yet"));
await engine.run();
const organizationId = newId();

// A process that has worked, and holds nothing: what its heap has grown to belongs to the work, not to the waiting.
await fill("ends", 20_000);
const idleBytes = rss();
const fillMs = await timed(() => fill("waits", count));
say({ phase: "waiting", idleBytes, waitingBytes: rss(), fillMs });

const [last = "", ...others] = await readWaiting(1 + Math.min(count - 1, 20_000));
const oneMs = await timed(async () => {
  const done = untilEnded(1);
  await engine.signal(last, "answer", "one");
  await done;
});
const allMs = await timed(async () => {
  const done = untilEnded(others.length);
  await pool(others.length, (index) => engine.signal(others[index] ?? "", "answer", "all"));
  await done;
});
say({ phase: "resumed", oneMs, allMs, resumed: others.length });
await engine.drain(1000);
await database[Symbol.asyncDispose]();

/** Ids are not kept: what a client remembers is no memory of the server. */
async function fill(program: string, number: number): Promise<void> {
  await pool(number, () => engine.start({ id: newId(), organizationId, program, input: { question: "none" } }));
  while (engine.runningCount > 0) await new Promise((resolve) => setImmediate(resolve));
}

async function readWaiting(limit: number): Promise<string[]> {
  const query = database.builder.selectFrom("execution").select("id").where("status", "=", "waiting").limit(limit);
  return (await database.scan(toStatement(query))).map((row) => String(row["id"]));
}

async function pool(number: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 128 }, async () => {
      for (let index = next++; index < number; index = next++) await work(index);
    }),
  );
}

function untilEnded(number: number): Promise<void> {
  ended = 0;
  return new Promise((resolve) => {
    onEnded = () => {
      if (ended >= number) resolve();
    };
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function rss(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

function say(line: Record<string, string | number>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
