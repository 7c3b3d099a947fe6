import { RunyardError } from "../contract/errors.ts";
import type { StoredEvent } from "../contract/events.ts";
import { type ExecutionStatus, isTerminalStatus } from "../contract/execution.ts";
import type { Id } from "../contract/ids.ts";
import { emptyLog, type Log } from "../contract/log.ts";
import { pausesForClient } from "./client-tools.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { readLogEnd, requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

export async function watchExecution(
  parts: Pick<OperationParts, "database" | "engine">,
  caller: Caller,
  executionId: Id,
  after: number,
): Promise<Log> {
  requireScope(caller, "agents:execute", "agents:read");
  const row = await requireExecutionRow(parts.database, caller.organization.id, executionId);
  const newest = row["last_seq"] as number;
  if (row["log_dropped_at"] !== null) {
    throw new RunyardError(
      "stream_expired",
      "The log of this execution was dropped by retention. Read the execution itself.",
      { executionId },
    );
  }
  if (after > newest) {
    // The log of one that runs may have grown since its row was written.
    const end = Math.max(newest, await readLogEnd(parts.database, executionId));
    if (after > end) {
      throw new RunyardError(
        "invalid_field_value",
        `Expected the number of an event of this execution, at most ${end}; came ${after}.`,
        { param: "after" },
      );
    }
  }
  if (after === newest && isTerminalStatus(row["status"] as ExecutionStatus)) return emptyLog;
  // A pause that is over by now is history; one that lasts, or is still to come, ends the stream.
  const firstPause = row["status"] === "waiting" ? newest : newest + 1;
  const endsAt = (event: StoredEvent) => pausesForClient(event) && event.seq >= firstPause;
  return { follow: (reader) => parts.engine.feed.follow(executionId, { after, endsAt }, reader) };
}
