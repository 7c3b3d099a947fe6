import type { FastifyReply } from "fastify";
import type { JsonObject } from "../../../contract/json.ts";
import type { Verdict } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { SchemaError } from "./framework-errors.ts";
import { requireId } from "./ids.ts";
import { formatOf } from "./render-event.ts";
import { renderRuns } from "./render-run.ts";
import { changedRunSchema, completeRunRequestSchema, runPathSchema } from "./schemas/run.ts";

export const completeRun: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/runs/:run_id/complete",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "complete_run_v1_runs__run_id__complete_post",
          tag: "Runs",
          summary: "Complete Run",
          description:
            "Ends a run with the word of whoever runs the work; a program of it that runs here is stopped. The same word a second time changes nothing, another one is refused with 409.",
          status: 200,
          answer: changedRunSchema,
          errors: [404, 409],
        }),
        params: runPathSchema,
        body: completeRunRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { status, result_content: result, duration_ms: durationMs } = request.body;
      const verdict = readVerdict(status, result ?? undefined);
      if (durationMs !== undefined && durationMs !== null) verdict.durationMs = Math.max(0, durationMs);
      const id = await requireId(operations, caller, "execution", request.params.run_id);
      const [run] = await renderRuns(operations, caller, [await operations.completeExecution(caller, id, verdict)]);
      return sendJson(reply, 200, { ...run, success: true });
    },
  );
};

const verdicts: Record<string, Verdict["status"] | undefined> = {
  success: "completed",
  completed: "completed",
  suspended: "completed",
  error: "failed",
  failed: "failed",
  cancelled: "cancelled",
};

function readVerdict(status: string, result: JsonObject | undefined): Verdict {
  const verdict = Object.hasOwn(verdicts, status) ? verdicts[status] : undefined;
  if (verdict === undefined) {
    const msg = `Input should be ${Object.keys(verdicts).join(", ")}`;
    throw new SchemaError([{ type: "enum", loc: ["body", "status"], msg, input: status }]);
  }
  return {
    status: verdict,
    message: messageOf(result) ?? `The run was reported as ${status}.`,
    isSuspended: status === "suspended",
    ...(result !== undefined && { output: readResult(result) }),
  };
}

/** A result as a run shows it is taken apart again; any other object is the output itself. */
function readResult(result: JsonObject): NonNullable<Verdict["output"]> {
  const { output, format } = result;
  if (output !== undefined && typeof format === "string" && Object.keys(result).length === 2) {
    return { value: output, type: format };
  }
  return { value: result, type: formatOf(result) };
}

function messageOf(result: JsonObject | undefined): string | undefined {
  for (const name of ["error_message", "error", "message"]) {
    const text = result?.[name];
    if (typeof text === "string" && text !== "") return text;
  }
  return undefined;
}
