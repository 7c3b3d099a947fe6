import type { FastifyReply } from "fastify";
import { RunyardError } from "../../../contract/errors.ts";
import type { Execution } from "../../../contract/execution.ts";
import { type Id, readId } from "../../../contract/ids.ts";
import type { ToolResultSubmission } from "../../../operations/operations.ts";
import { callerOf, isReplay, startOnce } from "../../idempotency.ts";
import { answerExecution, executionHeaders } from "./answer-execution.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderExecution } from "./render-execution.ts";
import { streamEventSchema } from "./schemas/event.ts";
import { executionSchema, toolResultsSchema } from "./schemas/execution.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const submitToolResults: Endpoint = (scope, parts) => {
  const { operations } = parts;
  scope.post(
    "/v1/executions/:id/tool-results",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "submitToolResults",
          tag: "Executions",
          summary: "Answer the tool calls of an execution",
          description:
            "For agents with tools that the client runs: all pending calls are answered at once and the same execution goes on. The answer is as that of executing an agent.",
          headers: executionHeaders,
          answers: {
            200: {
              description: "The execution has ended or waits again; or the stream of what follows",
              schema: executionSchema,
              more: { "text/event-stream": streamEventSchema },
            },
            202: { description: "Accepted, with Prefer: respond-async", schema: executionSchema },
          },
          errors: [400, 404, 409, 422, 500, 502, 503],
        }),
        params: idParamsSchema,
        body: toolResultsSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { toolResults, stream } = request.body;
      const caller = callerOf(request, answer);
      const executionId = idOf("execution", request.params.id);
      // A stream goes on where the one before it ended: at the number the execution paused with.
      const paused = await operations.getExecution(caller, executionId);
      const submit = () => operations.submitToolResults(caller, executionId, readResults(toolResults));
      const execution = await startOnce(request, reply, operations, submit);
      const after = isReplay(request) ? 0 : paused.lastSeq;
      return await answerExecution(request, reply, { parts, caller, execution, stream, after });
    },
  );
};

function readResults(toolResults: readonly WireResult[]): ToolResultSubmission[] {
  const seen = new Set<Id>();
  return toolResults.map(({ toolCallId, result, error }, index) => {
    const callId = readId("toolCall", toolCallId);
    const param = `toolResults.${index}.toolCallId`;
    if (callId === undefined) throw new RunyardError("unprocessable", "No pending tool call has this id.", { param });
    if (seen.has(callId)) throw new RunyardError("unprocessable", "This tool call is answered twice.", { param });
    seen.add(callId);
    return error === undefined ? { callId, result: result ?? null } : { callId, error };
  });
}

type WireResult = { toolCallId: string } & Pick<ToolResultSubmission, "result" | "error">;

function answer(execution: Execution) {
  return { status: 200, body: renderExecution(execution) };
}
