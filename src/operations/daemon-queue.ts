import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { CodeRunRequest } from "./operations.ts";
import { userOf } from "./program-input.ts";

/** Executions of one daemon that may stand in line, the running one not counted. */
const maxWaiting = 1000;

/**
 * The serial queue of the daemon that a run is for, as the engine takes it; undefined when it is for none. It also keeps
 * the runs of a conversation apart: they are of one user, and so in the same queue.
 */
export function daemonQueue(
  agentId: Id,
  definition: AgentDefinition,
  code: CodeRunRequest = {},
): { key: string; isNew: boolean; limit: number } | undefined {
  if (definition.runtime !== "code" || (code.lifecycle ?? definition.lifecycle) !== "daemon") return undefined;
  return { key: `daemon ${agentId} ${userOf(code)}`, isNew: false, limit: maxWaiting + 1 };
}

export function daemonBusy(): RunyardError {
  return new RunyardError(
    "daemon_busy",
    `${maxWaiting} executions wait for this user's daemon already; try again when one has ended.`,
    { retryAfterMs: 1000 },
  );
}
