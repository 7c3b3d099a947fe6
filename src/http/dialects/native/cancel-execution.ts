import type { Execution } from "../../../contract/execution.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderCancelled } from "./render-execution.ts";
import { cancelledExecutionSchema } from "./schemas/execution.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const cancelExecution: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/executions/:id/cancel",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "cancelExecution",
          tag: "Executions",
          summary: "Cancel an execution",
          description:
            "Answers once the execution has stopped and its numbers are final. Cancelling it again gives the same answer.",
          answers: {
            200: { description: "Cancelled, with the output up to there", schema: cancelledExecutionSchema },
          },
          errors: [404, 409],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const executionId = idOf("execution", request.params.id);
      const execution = await operations.cancelExecution(callerOf(request, answer), executionId);
      return sendJson(reply, 200, answer(execution).body);
    },
  );
};

function answer(execution: Execution) {
  return { status: 200, body: renderCancelled(execution) };
}
