import { isTerminalEvent } from "../contract/events.ts";
import type { Execution } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import { foldLog } from "../engine/fold-log.ts";
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
  for (let after = 0; ;) {
    const range = { after, endsAt: pausesForClient, signal };
    const last = await foldLog(engine.feed, executionId, range, (event) => view.add(event));
    if (last === undefined || isTerminalEvent(last)) break;
    // The log may have gone on already; then the pause is over and what comes next counts.
    const row = await requireExecutionRow(database, caller.organization.id, executionId);
    if (row["status"] === "waiting" && row["last_seq"] === last.seq) return view.show(row, parts.now());
    after = last.seq;
  }
  const ended = facts === undefined ? undefined : view.showEnded(facts);
  if (ended !== undefined) return ended;
  const row = await requireExecutionRow(database, caller.organization.id, executionId);
  return view.show(row, parts.now());
}
