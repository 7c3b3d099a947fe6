import { type Daemon, type DaemonKey, type DaemonState, daemonStates, daemonWishes } from "../contract/daemon.ts";
import { type ErrorFact, RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { z } from "zod";
import type { Database } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import type { Row } from "../store/statement.ts";
import type { DaemonSupervision } from "./parts.ts";
import { perDatabase } from "./per-database.ts";

const stateSchema = z.enum(daemonStates);
const wishSchema = z.enum(daemonWishes);

export function readDaemonRow(row: Row): Daemon {
  const lastError = row["last_error"] as string | null;
  return {
    id: row["id"] as Id,
    organizationId: row["organization_id"] as Id,
    agentId: row["agent_id"] as Id,
    userId: row["user_id"] as string,
    wanted: wishSchema.parse(row["wanted"]),
    state: stateSchema.parse(row["state"]),
    restarts: row["restarts"] as number,
    lastError: lastError === null ? undefined : (JSON.parse(lastError) as ErrorFact),
    lastActiveAt: row["last_active_at"] as number,
    createdAt: row["created_at"] as number,
    updatedAt: row["updated_at"] as number,
  };
}

/** With its state as the supervisor of this process knows it; what is stored comes a moment later. */
export async function findDaemon(
  { database, daemons }: { database: Database; daemons: DaemonSupervision },
  key: DaemonKey,
): Promise<Daemon | undefined> {
  const [row] = await database.read(daemonQueries(database).find({ ...key }));
  return row === undefined ? undefined : withLiveState(readDaemonRow(row), daemons);
}

export function withLiveState(daemon: Daemon, daemons: DaemonSupervision): Daemon {
  const state: DaemonState | undefined = daemons.stateOf(daemon);
  return state === undefined ? daemon : { ...daemon, state };
}

/** @throws `daemon_not_found` */
export async function requireDaemon(
  parts: { database: Database; daemons: DaemonSupervision },
  key: DaemonKey,
): Promise<Daemon> {
  const daemon = await findDaemon(parts, key);
  if (daemon !== undefined) return daemon;
  throw new RunyardError(
    "daemon_not_found",
    `Agent ${spellId("agent", key.agentId)} has no daemon for this user. Start one.`,
  );
}

export const daemonQueries = perDatabase(({ builder }) => ({
  find: prepared<{ organizationId: Id; agentId: Id; userId: string }>((p) =>
    builder
      .selectFrom("daemon")
      .selectAll()
      .where("organization_id", "=", p.organizationId)
      .where("agent_id", "=", p.agentId)
      .where("user_id", "=", p.userId),
  ),
  /** Makes it, or has one that is there run again. */
  want: prepared<{ id: Id; organizationId: Id; agentId: Id; userId: string; now: number }>((p) =>
    builder
      .insertInto("daemon")
      .values({
        id: p.id,
        organization_id: p.organizationId,
        agent_id: p.agentId,
        user_id: p.userId,
        wanted: "running",
        state: "created",
        last_error: null,
        last_active_at: p.now,
        created_at: p.now,
        updated_at: p.now,
      })
      .onConflict((conflict) =>
        conflict
          .columns(["organization_id", "agent_id", "user_id"])
          .doUpdateSet({ wanted: "running", last_active_at: p.now, updated_at: p.now }),
      ),
  ),
  pause: prepared<{ organizationId: Id; agentId: Id; userId: string; now: number }>((p) =>
    builder
      .updateTable("daemon")
      .set({ wanted: "paused", updated_at: p.now })
      .where("organization_id", "=", p.organizationId)
      .where("agent_id", "=", p.agentId)
      .where("user_id", "=", p.userId)
      .returning("id"),
  ),
  remove: prepared<{ organizationId: Id; agentId: Id; userId: string }>((p) =>
    builder
      .deleteFrom("daemon")
      .where("organization_id", "=", p.organizationId)
      .where("agent_id", "=", p.agentId)
      .where("user_id", "=", p.userId)
      .returning("id"),
  ),
}));
