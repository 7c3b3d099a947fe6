import { z } from "zod";
import { readId } from "../../../src/contract/ids.ts";
import type { LedgerEntry } from "../tool-server.ts";
import type { Ledgers } from "./ledgers.ts";
import { eventBody } from "./log-rows.ts";
import type { ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

interface LoggedCall {
  executionId: string;
  /** When its end was logged without an error, epoch milliseconds. */
  succeededAt: number | undefined;
}

/** I3: no journaled step runs again, no `once` call takes effect twice, and none at all after its journaled end. */
export function findStepViolations(snapshot: Snapshot, { tools }: Ledgers): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I3", message });
  const calls = new Map<string, LoggedCall>();
  for (const execution of snapshot.executions.values()) {
    findRepeatedSteps(execution, report);
    for (const [callId, call] of readCalls(execution, report)) calls.set(callId, call);
  }
  findEffects(snapshot, tools, calls, report);
  findMemoryEffects(snapshot, report);
  return violations;
}

function findRepeatedSteps({ id, events }: ExecutionRow, report: (message: string) => void): void {
  const settled = new Map<number, number>();
  for (const { step, seq, type } of events) {
    if (step === 0) continue;
    const before = settled.get(step);
    if (before !== undefined) {
      report(
        `execution ${id}: step ${step} has ended with number ${before}, and has ${type} as number ${seq} all the same`,
      );
    }
    if (type === "step-finished" || type === "wait-finished") settled.set(step, before ?? seq);
  }
}

function readCalls({ id, events }: ExecutionRow, report: (message: string) => void): Map<string, LoggedCall> {
  const calls = new Map<string, LoggedCall>();
  for (const event of events) {
    if (event.type === "tool-call-started" || event.type === "tool-call-required") {
      const { callId } = eventBody(event, event.type);
      if (calls.has(callId)) report(`execution ${id}: call ${callId} was begun twice, again as number ${event.seq}`);
      calls.set(callId, { executionId: id, succeededAt: undefined });
    } else if (event.type === "tool-call-finished") {
      const { callId, error } = eventBody(event, "tool-call-finished");
      const call = calls.get(callId);
      if (call === undefined) report(`execution ${id}: call ${callId} ended and was never begun`);
      else if (call.succeededAt !== undefined) report(`execution ${id}: call ${callId} ended twice`);
      else if (error === undefined) call.succeededAt = event.at;
    }
  }
  return calls;
}

function findEffects(
  snapshot: Snapshot,
  tools: readonly LedgerEntry[],
  calls: ReadonlyMap<string, LoggedCall>,
  report: (message: string) => void,
): void {
  const onceAddresses = findOnceAddresses(snapshot);
  const effects = new Map<string, number>();
  for (const { toolCallId, effect, path, at, number } of tools) {
    if (toolCallId === null || !effect) continue;
    const isOnce = onceAddresses.has(path);
    const count = (effects.get(toolCallId) ?? 0) + 1;
    effects.set(toolCallId, count);
    const callId = readId("toolCall", toolCallId);
    const call = callId === undefined ? undefined : calls.get(callId);
    if (isOnce && count > 1) {
      report(
        `call ${toolCallId} of ${call?.executionId ?? "no execution"} may happen once and took effect ${count} times`,
      );
    }
    if (isOnce && call === undefined) {
      report(`call ${toolCallId} may happen once, took effect as number ${number}, and no log says that it was begun`);
    }
    if (call?.succeededAt !== undefined && at > call.succeededAt) {
      report(
        `call ${toolCallId} of ${call.executionId} took effect ${at - call.succeededAt} ms after its end was journaled`,
      );
    }
  }
}

const definitionSchema = z.object({
  // A code agent has none.
  tools: z
    .array(z.object({ type: z.string(), handler: z.string().optional(), effect: z.string().optional() }))
    .default([]),
});

/** The paths of all handlers whose calls may happen once. */
function findOnceAddresses({ versions }: Snapshot): Set<string> {
  const paths = new Set<string>();
  for (const definition of versions.values()) {
    for (const { effect, handler } of definitionSchema.parse(JSON.parse(definition)).tools) {
      if (effect === "once" && handler !== undefined) paths.add(new URL(handler).pathname);
    }
  }
  return paths;
}

/** A memory tool that is called again leaves one entry for its call. */
function findMemoryEffects(snapshot: Snapshot, report: (message: string) => void): void {
  const entries = new Map<string, number>();
  for (const { source_execution_id: source } of snapshot.memoryEntries) {
    if (source !== null) entries.set(source, (entries.get(source) ?? 0) + 1);
  }
  for (const [executionId, count] of entries) {
    const writes = snapshot.executions
      .get(executionId)
      ?.events.filter((event) => event.type === "tool-call-started" && event.body.includes('"memory_write"'));
    // Of a call whose step was not journaled the log need not speak yet.
    const isEnded = snapshot.executions.get(executionId)?.status === "completed";
    if (isEnded && count > (writes?.length ?? 0)) {
      report(`execution ${executionId} left ${count} memory entries with ${writes?.length ?? 0} calls`);
    }
  }
}
