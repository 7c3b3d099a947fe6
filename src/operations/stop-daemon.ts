import type { Daemon } from "../contract/daemon.ts";
import type { Id } from "../contract/ids.ts";
import { daemonQueries, requireDaemon } from "./daemon-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { requireScope } from "./scopes.ts";

/**
 * Stops a daemon until somebody starts or executes it again; the run that it is at fails. Its volume stays. Stopping
 * twice is the same as once.
 *
 * @throws `daemon_not_found`
 */
export async function stopDaemon(
  parts: Pick<OperationParts, "database" | "now" | "daemons">,
  caller: Caller,
  agentId: Id,
  { userId = defaultUser }: { userId?: string } = {},
): Promise<Daemon> {
  requireScope(caller, "agents:execute");
  const { database, daemons, now } = parts;
  const key = { organizationId: caller.organization.id, agentId, userId };
  await requireDaemon(parts, key);
  await database.write([daemonQueries(database).pause({ ...key, now: now() })]);
  await daemons.stop(key);
  return requireDaemon(parts, key);
}
