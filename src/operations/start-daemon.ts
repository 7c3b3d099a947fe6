import type { Daemon } from "../contract/daemon.ts";
import { type Id, newId } from "../contract/ids.ts";
import { daemonQueries, requireDaemon } from "./daemon-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { refuseWithoutSandbox, upInTime } from "./daemon-patience.ts";
import { requireDaemonAgent } from "./require-daemon-agent.ts";
import { requireScope } from "./scopes.ts";
import { checkUserId } from "./user-row.ts";

/**
 * Makes the daemon of an agent's user, or starts the one there is. From then on it is kept running, over crashes and
 * restarts of the server. Resolves when it is up, or on its way for longer than a caller wants to wait.
 *
 * @throws `agent_not_found`, `agent_paused`, `bundle_missing`, `sandbox_unavailable`, `preparation_failed`,
 *   `program_failed` when it cannot be brought up
 */
export async function startDaemon(
  parts: Pick<OperationParts, "database" | "now" | "daemons">,
  caller: Caller,
  agentId: Id,
  { userId = defaultUser }: { userId?: string } = {},
): Promise<Daemon> {
  requireScope(caller, "agents:execute");
  checkUserId(userId);
  const { database, daemons, now } = parts;
  const key = { organizationId: caller.organization.id, agentId, userId };
  await requireDaemonAgent(database, key.organizationId, agentId);
  await refuseWithoutSandbox(daemons);
  await database.write([daemonQueries(database).want({ id: newId(), ...key, now: now() })]);
  await upInTime(daemons.start(key));
  return requireDaemon(parts, key);
}
