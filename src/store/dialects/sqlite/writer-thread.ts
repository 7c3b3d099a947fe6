import { parentPort, workerData } from "node:worker_threads";
import type { Row, SqlValue, Statement } from "../../statement.ts";
import { openSqlite } from "./open-sqlite.ts";
import { GroupRunner, type UnitOutcome } from "./run-group.ts";

/**
 * The thread that holds the one writing connection (`mode: write`), or a reading one for long scans (`mode: read`).
 * Messages are answered in order.
 */
export type ThreadRequest =
  | { type: "group"; units: readonly (readonly Statement[])[] }
  | { type: "scan"; statement: Statement }
  | { type: "close" };
export type ThreadReply =
  | { type: "group"; outcomes: UnitOutcome[] }
  | { type: "scan"; rows: Row[] }
  | { type: "error"; message: string }
  | { type: "closed" };

const port = parentPort;
if (port === null) throw new Error("writer-thread.ts runs as a worker thread");
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
      case "group":
        return { type: "group", outcomes: runner.run(request.units) };
      case "scan":
        return {
          type: "scan",
          rows: database.prepare(request.statement.sql).all(...(request.statement.params as SqlValue[])) as Row[],
        };
      case "close":
        if (mode === "write") database.exec("pragma wal_checkpoint(truncate)");
        database.close();
        return { type: "closed" };
    }
  } catch (error) {
    return { type: "error", message: error instanceof Error ? error.message : String(error) };
  }
}
