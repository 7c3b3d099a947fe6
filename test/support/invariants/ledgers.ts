import { existsSync, readFileSync } from "node:fs";
import type { LedgerEntry } from "../tool-server.ts";
import type { ProgramMark } from "./program-marks.ts";
import type { SinkEntry } from "../webhook-sink.ts";

/** What others have seen of the server. Ids are as the native API spells them. */
export interface Ledgers {
  /** Calls that arrived at tool handlers. */
  tools: readonly LedgerEntry[];
  /** Deliveries that arrived at the webhook sink. */
  webhooks: readonly SinkEntry[];
  client: readonly ClientNote[];
  jobs: readonly JobNote[];
  /** What programs of code agents have left in their workspaces. */
  programs: readonly ProgramMark[];
}

/** What a client of the native API was told. */
export type ClientNote =
  /** The server gave an id for a request. A repeated request has the same key. */
  | { type: "accepted"; executionId: string; organizationId: string; key: string }
  /** The server said how an execution ended. Undefined output: the answer said nothing of it. */
  | { type: "answered"; executionId: string; status: "completed" | "failed" | "cancelled"; output?: string }
  /** One connection's frames after the number `after`. `ended`: the server brought the stream to its end. */
  | { type: "read"; executionId: string; after: number; frames: ReadFrame[]; ended: boolean };

/** What a client was told of jobs. */
export type JobNote =
  /** The server gave an id for a request. A repeated request has the same key. */
  | { type: "accepted"; jobId: string; organizationId: string; key: string }
  /** It was cancelled, and had run so often by then. */
  | { type: "cancelled"; jobId: string; runCount: number };

/** A server-sent event as it arrived. */
export interface ReadFrame {
  id: number;
  /** The data line. */
  data: string;
}

export const noLedgers: Ledgers = { tools: [], webhooks: [], client: [], jobs: [], programs: [] };

/** The entries of a file with one JSON value a line; a last line that is still being written is left out. */
export function readJsonLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return lines.map((line): T => JSON.parse(line));
}
