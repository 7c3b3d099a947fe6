import { isTerminalEvent, type StoredEvent } from "../contract/events.ts";
import type { Execution } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import { pausesForClient } from "./client-tools.ts";
import { ExecutionView } from "./execution-view.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

export async function awaitExecution(
  parts: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  executionId: Id,
  signal: AbortSignal,
): Promise<Execution> {
  requireScope(caller, "agents:execute", "agents:read");
  const { database, engine } = parts;
  // What runs here need not be asked for, neither whose it is nor, as its log is followed to the end, how it ended.
  const running = engine.factsOf(executionId, caller.organization.id);
  const facts = running?.agentId === null ? undefined : running;
  if (facts === undefined) await requireExecutionRow(database, caller.organization.id, executionId);
  const view = new ExecutionView();
  let last: StoredEvent | undefined;
  for await (const batch of engine.feed.read(executionId, { after: 0, signal })) {
    for (const event of batch) view.add(event);
    last = batch.at(-1);
    if (last !== undefined && pausesForClient(last)) {
      // The log may have gone on already; then the wait is over and what comes next counts.
      const row = await requireExecutionRow(database, caller.organization.id, executionId);
      if (row["status"] === "waiting" && row["last_seq"] === last.seq) return view.show(row, parts.now());
    }
    if (last !== undefined && isTerminalEvent(last)) break;
  }
  const ended = facts === undefined ? undefined : view.showEnded(facts);
  if (ended !== undefined) return ended;
  const row = await requireExecutionRow(database, caller.organization.id, executionId);
  return view.show(row, parts.now());
}
