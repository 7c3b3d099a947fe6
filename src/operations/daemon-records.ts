import type { DaemonKey, DaemonState } from "../contract/daemon.ts";
import type { ErrorFact } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import { daemonQueries, readDaemonRow } from "./daemon-row.ts";
import type { OperationParts } from "./parts.ts";
import { requireDaemonAgent } from "./require-daemon-agent.ts";

/** What the supervisor of daemons reads and notes. */
export interface DaemonRecordKeeping {
  want(key: DaemonKey): Promise<void>;
  note(
    key: DaemonKey,
    change: { state: DaemonState; restarted?: boolean; error?: ErrorFact | null; isActive?: boolean },
  ): void;
  currentVersion(key: DaemonKey): Promise<Id>;
}

/** @param onFailed a note was not stored; the next one makes up for it */
export function createDaemonRecords(
  { database, now }: Pick<OperationParts, "database" | "now">,
  onFailed: (error: unknown) => void,
): DaemonRecordKeeping {
  const queries = daemonQueries(database);
  // What is said later must be what stays, and two units that are under way at once may be stored in either order.
  let written: Promise<unknown> = Promise.resolve();
  const writeInOrder = (statement: Statement): Promise<unknown> => {
    const writing = written.then(() => database.write([statement]));
    written = writing.catch(() => undefined);
    return writing;
  };
  return {
    async want(key) {
      await writeInOrder(queries.want({ id: newId(), ...key, now: now() }));
    },
    note(key, { state, restarted, error, isActive }) {
      const update = database.builder
        .updateTable("daemon")
        .set((daemon) => ({
          state,
          ...(restarted === true && { restarts: daemon("restarts", "+", 1) }),
          ...(error !== undefined && { last_error: error === null ? null : JSON.stringify(error) }),
          ...(isActive === true && { last_active_at: now() }),
          updated_at: now(),
        }))
        .where("organization_id", "=", key.organizationId)
        .where("agent_id", "=", key.agentId)
        .where("user_id", "=", key.userId);
      writeInOrder(toStatement(update)).catch(onFailed);
    },
    currentVersion: ({ organizationId, agentId }) => requireDaemonAgent(database, organizationId, agentId),
  };
}

/**
 * The daemons that a server has to bring up when it begins: those that are wanted and were not stopped for want of work.
 * Those that were used last come first.
 */
export async function readWantedDaemons({ database }: Pick<OperationParts, "database">): Promise<DaemonKey[]> {
  const query = database.builder
    .selectFrom("daemon")
    .selectAll()
    .where("wanted", "=", "running")
    .where("state", "!=", "suspended")
    .orderBy("last_active_at", "desc");
  const rows = await database.read(toStatement(query));
  return rows.map(readDaemonRow).map(({ organizationId, agentId, userId }) => ({ organizationId, agentId, userId }));
}
