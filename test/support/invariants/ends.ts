import { readId } from "../../../src/contract/ids.ts";
import type { ClientNote, Ledgers } from "./ledgers.ts";
import { endTypes, eventBody } from "./log-rows.ts";
import type { ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

const statusOf: Record<string, ExecutionRow["status"]> = {
  "execution-completed": "completed",
  "execution-failed": "failed",
  "execution-cancelled": "cancelled",
};

/** I1 and I2: every accepted execution is there and ends once, nothing follows, and callers were told that end. */
export function findEndViolations(snapshot: Snapshot, { client }: Ledgers, atRest: boolean): Violation[] {
  const violations: Violation[] = [];
  const first = (message: string) => violations.push({ invariant: "I1", message });
  const second = (message: string) => violations.push({ invariant: "I2", message });

  const byKey = new Map<string, string>();
  for (const note of client) {
    if (note.type === "accepted") {
      const before = byKey.get(note.key);
      if (before === undefined) byKey.set(note.key, note.executionId);
      else if (before !== note.executionId) {
        first(`idempotency key ${note.key} was answered with ${before} and with ${note.executionId}`);
      }
    }
    const execution = findExecution(snapshot, note);
    if (execution === undefined) first(`${note.executionId} was accepted and is not in the database`);
    else if (note.type === "answered") checkAnswer(execution, note, second);
  }

  for (const execution of snapshot.executions.values()) {
    const { id, status, events } = execution;
    const ends = events.filter(({ type }) => endTypes.has(type));
    const isEnded = status === "completed" || status === "failed" || status === "cancelled";
    if (atRest && !isEnded) first(`execution ${id} (${execution.program}) is still ${status}`);
    if (isEnded && ends.length === 0) first(`execution ${id} is ${status}, and its log has no end`);
    if (ends.length > 1) second(`execution ${id} has ${ends.length} ends: ${ends.map(({ type }) => type).join(", ")}`);
    const [end] = ends;
    if (end === undefined) continue;
    const expected = statusOf[end.type];
    if (expected !== status) second(`execution ${id} ended with ${end.type}, and its row says ${status}`);
    const last = events.at(-1);
    if (last !== undefined && last.seq > end.seq) {
      second(`execution ${id} has ${last.type} as number ${last.seq}, after its end as number ${end.seq}`);
    }
    if (isEnded && execution.finishedAt === null) second(`execution ${id} is ${status} without a time of its end`);
  }
  return violations;
}

function checkAnswer(
  execution: ExecutionRow,
  note: Extract<ClientNote, { type: "answered" }>,
  report: (message: string) => void,
): void {
  const { id, status } = execution;
  if (status !== note.status)
    report(`a caller was told that ${id} ended as ${note.status}, and its row says ${status}`);
  const end = execution.events.find(({ type }) => type === "execution-completed");
  if (note.output === undefined || note.status !== "completed" || end === undefined) return;
  const { output } = eventBody(end, "execution-completed");
  if (typeof output === "string" && output !== note.output) {
    report(`a caller was told another output of ${id} than the one that is stored`);
  }
}

function findExecution(snapshot: Snapshot, { executionId }: ClientNote): ExecutionRow | undefined {
  const id = readId("execution", executionId);
  return id === undefined ? undefined : snapshot.executions.get(id);
}
