// The server of bench/engine.ts, a process of its own: POST /execute runs three steps, POST /floor commits the same rows.
import { fastify } from "fastify";
import { newId } from "../../src/contract/ids.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";
import { createThreeStepEngine, floorUnit, runThreeSteps } from "./three-step-engine.ts";

const path = process.argv[2];
if (path === undefined) throw new Error("usage: engine-server.ts DATABASE");
const database = new SqliteDatabase({ path });
await database.migrate();
const engine = createThreeStepEngine(database);
await engine.run();
const organizationId = newId();
const unit = floorUnit(database);

const app = fastify();
app.post("/execute", async () => ({ output: await runThreeSteps(engine, organizationId) }));
app.post("/floor", async () => {
  await database.write(unit(organizationId));
  return { output: 6 };
});
process.stdout.write(`${await app.listen({ port: 0, host: "127.0.0.1" })}\n`);

process.once("SIGTERM", () => {
  void app
    .close()
    .then(() => engine.drain(1000))
    .then(() => database[Symbol.asyncDispose]());
});
