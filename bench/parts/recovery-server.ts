// The process of bench/recovery.ts: `hold` runs executions that never end, until it is killed; `recover` takes them up.
import { newId } from "../../src/contract/ids.ts";
import { Engine } from "../../src/engine/engine.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";

const [path = "", mode = "", countText = ""] = process.argv.slice(2);
const count = Number(countText);
const startedAt = performance.now();
const database = new SqliteDatabase({ path });
await database.migrate();
const engine = new Engine({
  database,
  limits: { total: 2000, perOrganization: 2000, perAgent: 2000 },
  hooks: {
    alongside: () => [],
    committed: (_, events) => events.forEach(({ type }) => onEvent(type)),
  },
});
let reached = 0;
let firstMs: number | undefined;
let readyMs = 0;
const done = Promise.withResolvers<void>();
engine.define("long", async (ctx) => {
  await ctx.step("first", async () => "done");
  if (mode === "hold") await new Promise(() => undefined);
  await ctx.step("second", async () => "done");
  return null;
});

function onEvent(type: string): void {
  if (mode === "hold" && type === "step-finished") reached += 1;
  if (mode === "recover" && type === "step-finished") firstMs ??= performance.now();
  if (mode === "recover" && type === "execution-completed") reached += 1;
  if (reached === count) done.resolve();
}

await engine.run();
readyMs = performance.now();
if (mode === "hold") {
  const organizationId = newId();
  await Promise.all(
    Array.from({ length: count }, () => engine.start({ id: newId(), organizationId, program: "long", input: null })),
  );
}
await done.promise;
const facts = {
  startMs: readyMs - startedAt,
  firstMs: (firstMs ?? readyMs) - readyMs,
  allMs: performance.now() - readyMs,
};
process.stdout.write(`${JSON.stringify(facts)}\n`);
if (mode === "recover") {
  await engine.drain(1000);
  await database[Symbol.asyncDispose]();
} else setInterval(() => undefined, 60_000); // until it is killed
