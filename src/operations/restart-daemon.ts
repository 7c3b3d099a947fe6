import type { Daemon } from "../contract/daemon.ts";
import { type Id, newId } from "../contract/ids.ts";
import { daemonQueries, requireDaemon } from "./daemon-row.ts";
import { refuseWithoutSandbox, upInTime } from "./daemon-patience.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { requireDaemonAgent } from "./require-daemon-agent.ts";
import { requireScope } from "./scopes.ts";

/**
 * A new process for a daemon that runs, with the current version; the run that the old one is at fails. One that does
 * not run is started.
 *
 * @throws `daemon_not_found`, and what `startDaemon` throws
 */
export async function restartDaemon(
  parts: Pick<OperationParts, "database" | "now" | "daemons">,
  caller: Caller,
  agentId: Id,
  { userId = defaultUser }: { userId?: string } = {},
): Promise<Daemon> {
  requireScope(caller, "agents:execute");
  const { database, daemons, now } = parts;
  const key = { organizationId: caller.organization.id, agentId, userId };
  await requireDaemon(parts, key);
  await requireDaemonAgent(database, key.organizationId, agentId);
  await refuseWithoutSandbox(daemons);
  await database.write([daemonQueries(database).want({ id: newId(), ...key, now: now() })]);
  await upInTime(daemons.restart(key));
  return requireDaemon(parts, key);
}
