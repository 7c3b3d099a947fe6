import type { Completion } from "../../../operations/completion-callback.ts";
import { renderRun } from "./render-run.ts";

/**
 * What a completion callback is told. Status, result and duration are exactly what completes a run elsewhere. The same run
 * always gives the same text, because a repeated try is the same one.
 */
export function renderCompletion({ execution, notes, aliases }: Completion): string {
  const run = renderRun(execution, notes, aliases);
  const { run_id, agent_id, thread_id, status, result_content, duration_ms, error_message } = run;
  return JSON.stringify({ run_id, agent_id, thread_id, status, result_content, duration_ms, error_message });
}
