import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderExecution } from "./render-execution.ts";
import { executionSchema } from "./schemas/execution.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getExecution: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/executions/:id",
    {
      config: { scopes: ["agents:read", "agents:execute"] },
      schema: {
        ...documented({
          operationId: "getExecution",
          tag: "Executions",
          summary: "Retrieve an execution",
          answers: { 200: { description: "The execution", schema: executionSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const execution = await operations.getExecution(callerOf(request), idOf("execution", request.params.id));
      return sendJson(reply, 200, renderExecution(execution));
    },
  );
};
