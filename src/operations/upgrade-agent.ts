import { type Agent, type AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Execution, isTerminalStatus } from "../contract/execution.ts";
import { type Id, spellId } from "../contract/ids.ts";
import { requireAgent } from "./agent-row.ts";
import { awaitExecution } from "./await-execution.ts";
import { executeAgent } from "./execute-agent.ts";
import { moveVersion, recordMove } from "./move-version.ts";
import type { Caller, CodeRunRequest, Upgrade } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { findVersion, versionLabel } from "./version-label.ts";

type Parts = Pick<
  OperationParts,
  "database" | "engine" | "secrets" | "now" | "plans" | "estimateCost" | "checkUrl" | "wakeRelay"
>;

/**
 * Makes another version of an agent the current one. The workspace is saved before under the label of the version that
 * is left; only when that has ended well does the version move. To the version that is current already nothing happens.
 *
 * @param signal aborted when nobody waits any more: then the version stays
 * @throws `agent_not_found`, `agent_version_not_found`, `edit_conflict`, `unprocessable` when the workspace could not be
 *   saved
 */
export async function upgradeAgent(
  parts: Parts,
  caller: Caller,
  agentId: Id,
  label: string,
  signal: AbortSignal,
): Promise<Upgrade> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const agent = await requireAgent(database, organizationId, agentId);
  const from = versionLabel(agent.currentVersion);
  const to = await findVersion(database, organizationId, agentId, label);
  if (to === undefined) {
    throw new RunyardError("agent_version_not_found", `Agent ${spellId("agent", agentId)} has no version ${label}.`);
  }
  if (to.id === agent.currentVersion.id) return { agent, from, to: from, executionId: undefined };
  refuseSelfUpgrading(agent.currentVersion.definition);
  refuseSelfUpgrading(to.definition);
  const executionId = await runTask(parts, caller, agent, { kind: "snapshot", label: from });
  if (executionId !== undefined) await requireTask(parts, caller, executionId, "saved", signal);
  const moved = await moveVersion(parts, agent, to, { ...recordMove(parts, agent, to) });
  return { agent: moved, from, to: versionLabel(to), executionId };
}

/**
 * Starts something with the workspace of an agent.
 * @returns undefined where there is no workspace, because the current version cannot be executed
 */
export async function runTask(
  parts: Parts,
  caller: Caller,
  agent: Agent,
  task: NonNullable<CodeRunRequest["task"]>,
): Promise<Id | undefined> {
  const { definition } = agent.currentVersion;
  if (definition.runtime !== "code" || definition.bundle === undefined) return undefined;
  // Whoever may change the agent may have its workspace moved along.
  const executor: Caller = { ...caller, scopes: new Set([...caller.scopes, "agents:execute"]) };
  const execution = await executeAgent(parts, executor, agent.id, {
    input: {},
    conversationAlias: null,
    code: { task },
  });
  return execution.id;
}

/** @throws `unprocessable` unless the task ends well; `overloaded` when the signal aborts before */
export async function requireTask(
  parts: Pick<OperationParts, "database" | "engine" | "now">,
  caller: Caller,
  executionId: Id,
  done: "saved" | "restored",
  signal: AbortSignal,
): Promise<Execution> {
  const reader: Caller = { ...caller, scopes: new Set([...caller.scopes, "agents:execute"]) };
  const execution = await awaitExecution(parts, reader, executionId, signal);
  if (execution.status === "completed") return execution;
  if (!isTerminalStatus(execution.status)) {
    throw new RunyardError("overloaded", `The workspace is still being ${done}; nothing was changed. Try again.`, {
      retryAfterMs: 1000,
    });
  }
  const reason = execution.error?.message ?? "the run was cancelled";
  throw new RunyardError("unprocessable", `The workspace could not be ${done}, so the version stays: ${reason}`);
}

/** Agents of this kind move to a new version by themselves, told of the differences by the platform that runs them. */
function refuseSelfUpgrading(definition: AgentDefinition): void {
  if (definition.runtime !== "code" || definition.adapter !== "openclaw") return;
  throw new RunyardError(
    "unprocessable",
    "Agents of the adapter openclaw upgrade themselves with the openclaw program, which this server does not run.",
  );
}
