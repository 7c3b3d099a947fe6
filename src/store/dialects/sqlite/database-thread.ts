import { parentPort, workerData } from "node:worker_threads";
import type { Row, SqlValue, Statement } from "../../statement.ts";
import { openSqlite } from "./open-sqlite.ts";
import { GroupRunner, type UnitOutcome } from "./run-group.ts";
import { faultOf, type SqliteFault } from "./sqlite-fault.ts";

/**
 * A thread with a connection of its own, for what takes long: scans (`mode: read`), units that touch many rows and
 * checkpoints (`mode: write`). Requests are answered one by one, in their order.
 */
export type ThreadRequest =
  | { type: "scan"; statement: Statement }
  | { type: "write"; unit: readonly Statement[] }
  | { type: "checkpoint" }
  | { type: "close" };
export type ThreadReply =
  | { type: "rows"; rows: Row[] }
  | { type: "outcome"; outcome: UnitOutcome }
  | { type: "error"; fault: SqliteFault }
  | { type: "done" };

if (parentPort === null) throw new Error("database-thread.ts runs as a worker thread");
const port = parentPort;
const { path, mode } = workerData as { path: string; mode: "read" | "write" };
const database = openSqlite(path, { readOnly: mode === "read" });
const runner = new GroupRunner(database);

port.on("message", (request: ThreadRequest) => {
  port.postMessage(answer(request));
  if (request.type === "close") port.close();
});

function answer(request: ThreadRequest): ThreadReply {
  try {
    switch (request.type) {
      case "scan": {
        const { sql, params } = request.statement;
        return { type: "rows", rows: database.prepare(sql).all(...(params as SqlValue[])) as Row[] };
      }
      case "write": {
        const [outcome] = runner.run([request.unit]);
        return outcome === undefined ? { type: "done" } : { type: "outcome", outcome };
      }
      case "checkpoint":
        database.exec("pragma wal_checkpoint(passive)");
        return { type: "done" };
      case "close":
        database.close();
        return { type: "done" };
    }
  } catch (error) {
    return { type: "error", fault: faultOf(error) };
  }
}
