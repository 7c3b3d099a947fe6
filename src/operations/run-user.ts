import type { Id } from "../contract/ids.ts";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Statement } from "../store/statement.ts";
import { perDatabase } from "./per-database.ts";
import { noteUser } from "./user-row.ts";

/**
 * Keeps for whom an execution runs, in the transaction that starts it, so that figures by user need not open the logs.
 *
 * @throws `invalid_field_value` for a user id that is empty or too long
 */
export function noteRunUser(
  database: Database,
  run: { executionId: Id; organizationId: Id; agentId: Id; userId: string; task: string | null; now: number },
): Statement[] {
  const { organizationId, userId, now } = run;
  return [noteUser(database, { organizationId, userId, now }), insertRunUser(database)({ ...run })];
}

const insertRunUser = perDatabase(({ builder }) =>
  prepared<{
    executionId: string;
    organizationId: string;
    agentId: string;
    userId: string;
    task: string | null;
    now: number;
  }>((p) =>
    builder.insertInto("run_user").values({
      execution_id: p.executionId,
      organization_id: p.organizationId,
      agent_id: p.agentId,
      user_id: p.userId,
      task: p.task,
      created_at: p.now,
    }),
  ),
);
