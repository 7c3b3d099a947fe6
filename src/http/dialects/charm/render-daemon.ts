import type { Daemon } from "../../../contract/daemon.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import { withPlainIds } from "./plain-ids.ts";
import { renderTime } from "./time.ts";

/**
 * A daemon as the platform's own clients read it: a machine with a volume, and what its record wants. What is not among
 * their members is ours.
 *
 * @param agent the agent by its caller's name
 */
export function renderDaemon(daemon: Daemon, agent: string): JsonObject {
  return {
    available: true,
    exists: true,
    machine_id: daemon.id,
    volume_id: `vol_${daemon.id.replaceAll("-", "")}`,
    state: daemon.state,
    db_status: daemon.wanted,
    agent_id: agent,
    user_id: daemon.userId,
    restarts: daemon.restarts,
    error_message: daemon.lastError === undefined ? null : withPlainIds(daemon.lastError.message),
    last_active_at: renderTime(daemon.lastActiveAt),
    created_at: renderTime(daemon.createdAt),
    updated_at: renderTime(daemon.updatedAt),
  };
}

export const notCreated: JsonObject = { available: true, exists: false, status: "not_created" };

export function renderUnavailable(problem: string): JsonObject {
  return { available: false, error: problem };
}

/** Where an agent stands under its callers' names. */
export function spellAgent(id: Id, aliases: ReadonlyMap<Id, string>): string {
  return aliases.get(id) ?? id;
}

/**
 * What kept a daemon from doing what it was told, as an object: the platform answers 200 for these.
 * @throws the error itself when it is one of the request: an unknown agent, a missing scope
 */
export function renderRefusal(error: unknown): JsonObject {
  if (!(error instanceof RunyardError) || !isRefusal(error)) throw error;
  const refusal: JsonObject = { success: false, error: withPlainIds(error.message) };
  if (error.code === "daemon_not_stopped") refusal["requires_stop"] = true;
  if (error.code === "sandbox_unavailable") refusal["available"] = false;
  return refusal;
}

function isRefusal({ code, kind }: RunyardError): boolean {
  if (code === "daemon_not_found") return true;
  return kind === "conflict" || kind === "unprocessable" || kind === "upstream" || kind === "overloaded";
}
