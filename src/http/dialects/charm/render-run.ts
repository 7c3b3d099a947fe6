import { type Execution, isTerminalStatus } from "../../../contract/execution.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { Caller, Operations, RunNotes } from "../../../operations/operations.ts";
import { withPlainIds } from "./plain-ids.ts";
import { formatOf } from "./render-event.ts";
import type { RunStatus, WireRun } from "./schemas/run.ts";
import { renderTime } from "./time.ts";

/** @param names the callers' own names of executions, agents and conversations */
export function renderRun(execution: Execution, notes: RunNotes, names: ReadonlyMap<Id, string>): WireRun {
  const nameOf = (id: Id | undefined) => (id === undefined ? null : (names.get(id) ?? id));
  const id = names.get(execution.id) ?? execution.id;
  const { finishedAt, createdAt } = execution;
  return {
    id,
    run_id: id,
    agent_id: nameOf(execution.agentId),
    version: notes.versionLabel ?? null,
    thread_id: nameOf(execution.conversationId),
    status: runStatus(execution, notes),
    current_status: notes.status ?? null,
    input_payload: inputOf(execution),
    result_content: resultOf(execution, notes),
    error_message: execution.error === undefined ? null : withPlainIds(execution.error.message),
    created_at: renderTime(createdAt),
    completed_at: finishedAt === undefined ? null : renderTime(finishedAt),
    duration_ms: finishedAt === undefined ? null : (notes.process?.durationMs ?? finishedAt - createdAt),
  };
}

/** Runs of one answer. */
export async function renderRuns(
  operations: Pick<Operations, "readAliases" | "readRunNotes">,
  caller: Caller,
  executions: readonly Execution[],
): Promise<WireRun[]> {
  const ids = executions.flatMap(({ id, agentId, conversationId }) => [id, agentId, conversationId]);
  const names = await operations.readAliases(
    caller,
    ids.filter((id) => id !== undefined),
  );
  const notes = await operations.readRunNotes(caller, executions);
  return executions.map((execution) => renderRun(execution, notes.get(execution.id) ?? { isSuspended: false }, names));
}

function runStatus({ status }: Execution, { isSuspended }: RunNotes): RunStatus {
  switch (status) {
    case "queued":
      return "pending";
    case "running":
      return "running";
    case "waiting":
      return "suspended";
    case "completed":
      return isSuspended ? "suspended" : "success";
    case "failed":
      return "error";
    case "cancelled":
      return "cancelled";
    default:
      return status satisfies never;
  }
}

function inputOf({ input }: Execution): JsonObject {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? input : { message: input };
}

/** Always an object, as the call that completes a run takes it. */
function resultOf({ status, output }: Execution, notes: RunNotes): JsonObject | null {
  if (notes.output !== undefined) return { output: notes.output.value, format: notes.output.type };
  if (!isTerminalStatus(status) || status !== "completed") return null;
  return { output, format: formatOf(output) };
}
