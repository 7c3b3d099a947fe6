import type { DaemonState } from "../contract/daemon.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { daemonQueries, requireDaemon } from "./daemon-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { defaultUser } from "./program-input.ts";
import { requireScope } from "./scopes.ts";

const down: ReadonlySet<DaemonState> = new Set(["created", "stopped", "suspended", "destroyed"]);

/**
 * Removes a daemon that is down: its record and its volume with all that it has written.
 * @throws `daemon_not_found`, `daemon_not_stopped`
 */
export async function terminateDaemon(
  parts: Pick<OperationParts, "database" | "now" | "daemons">,
  caller: Caller,
  agentId: Id,
  { userId = defaultUser }: { userId?: string } = {},
): Promise<void> {
  requireScope(caller, "agents:execute");
  const { database, daemons } = parts;
  const key = { organizationId: caller.organization.id, agentId, userId };
  const daemon = await requireDaemon(parts, key);
  if (!down.has(daemon.state)) {
    throw new RunyardError(
      "daemon_not_stopped",
      `The daemon of agent ${spellId("agent", agentId)} is ${daemon.state}. Stop it before you terminate it.`,
    );
  }
  // The record goes first: what dies in between is a volume that the next daemon of this user finds, or this call again.
  await database.write([daemonQueries(database).remove({ ...key })]);
  await daemons.terminate(key);
}
