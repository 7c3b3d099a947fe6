import type { Execution } from "../../../contract/execution.ts";
import { spellId } from "../../../contract/ids.ts";
import { callerOf, startOnce } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderExecution } from "./render-execution.ts";
import { executionSchema } from "./schemas/execution.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const restartExecution: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/executions/:id/restart",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "restartExecution",
          tag: "Executions",
          summary: "Start an ended execution again",
          description: "A new execution with the same agent version and input. The old one keeps its log.",
          answers: { 201: { description: "The new execution, running", schema: executionSchema } },
          errors: [404, 409],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, answer);
      const start = () => operations.restartExecution(caller, idOf("execution", request.params.id));
      const execution = await startOnce(request, reply, operations, start);
      reply.header("location", `/v1/executions/${spellId("execution", execution.id)}`);
      return sendJson(reply, 201, answer(execution).body);
    },
  );
};

function answer(execution: Execution) {
  return { status: 201, body: renderExecution(execution) };
}
