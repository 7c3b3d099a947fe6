import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Row, SqlValue, Statement } from "../../statement.ts";
import { encodeOutcomes, type FlatMessage, UnitDecoder, type UnitOutcome } from "./group-message.ts";
import { openSqlite } from "./open-sqlite.ts";
import { GroupRunner } from "./run-group.ts";

/**
 * The thread that holds the one writing connection (`mode: write`), or a reading one for long scans (`mode: read`).
 * Units come as flat messages: all that are there when a commit ends make up the next group, whatever number of
 * messages they came in, and one reply answers them in their order. Requests are answered one by one.
 */
export type ThreadRequest = { type: "scan"; statement: Statement } | { type: "close" };
export type ThreadReply =
  | { type: "outcomes"; outcomes: FlatMessage; durationMs: number }
  | { type: "scan"; rows: Row[] }
  | { type: "error"; message: string }
  | { type: "closed" };

/** Keeps one commit from growing without bound when the disk is slow. */
const maxGroup = 4096;

if (parentPort === null) throw new Error("writer-thread.ts runs as a worker thread");
const port = parentPort;
const { path, mode } = workerData as { path: string; mode: "read" | "write" };
const database = openSqlite(path, { readOnly: mode === "read" });
const runner = new GroupRunner(database);
const decoder = new UnitDecoder();

port.on("message", (message: FlatMessage | ThreadRequest) => {
  if (Array.isArray(message)) commitGroup(message);
  else serve(message);
});

function commitGroup(first: FlatMessage): void {
  const units = decoder.decode(first);
  let request: ThreadRequest | undefined;
  while (units.length < maxGroup) {
    const next = receiveMessageOnPort(port) as { message: FlatMessage | ThreadRequest } | undefined;
    if (next === undefined) break;
    if (Array.isArray(next.message)) units.push(...decoder.decode(next.message));
    else {
      request = next.message;
      break;
    }
  }
  const startedAt = performance.now();
  const outcomes = encodeOutcomes(runGroup(units));
  send({ type: "outcomes", outcomes, durationMs: performance.now() - startedAt });
  if (request !== undefined) serve(request);
}

function runGroup(units: readonly (readonly Statement[])[]): UnitOutcome[] {
  try {
    return runner.run(units);
  } catch (error) {
    const fault = messageOf(error);
    return units.map(() => ({ fault }));
  }
}

function serve(request: ThreadRequest): void {
  send(answer(request));
  if (request.type === "close") port.close();
}

function answer(request: ThreadRequest): ThreadReply {
  try {
    switch (request.type) {
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
    return { type: "error", message: messageOf(error) };
  }
}

function send(reply: ThreadReply): void {
  port.postMessage(reply);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
