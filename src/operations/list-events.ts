import type { StoredEvent } from "../contract/events.ts";
import type { Id } from "../contract/ids.ts";
import { readEvent } from "../engine/event-feed.ts";
import { toStatement } from "../store/database.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireExecutionRow } from "./read-executions.ts";
import { requireScope } from "./scopes.ts";

/** What is left of the log when retention has thinned it. */
export async function listEvents(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  executionId: Id,
  { after, limit }: { after: number; limit: number },
): Promise<StoredEvent[]> {
  requireScope(caller, "agents:read", "agents:execute");
  await requireExecutionRow(database, caller.organization.id, executionId);
  const rows = await database.read(
    toStatement(
      database.builder
        .selectFrom("event")
        .selectAll()
        .where("execution_id", "=", executionId)
        .where("seq", ">", after)
        .orderBy("seq")
        .limit(limit),
    ),
  );
  return rows.map(readEvent);
}
