import type { FastifyReply } from "fastify";
import type { Execution } from "../../../contract/execution.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { ExecuteRequest } from "../../../operations/operations.ts";
import { callerOf, startOnce } from "../../idempotency.ts";
import { answerExecution, executionHeaders } from "./answer-execution.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderExecution } from "./render-execution.ts";
import { streamEventSchema } from "./schemas/event.ts";
import { executeRequestSchema, executionSchema } from "./schemas/execution.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const executeAgent: Endpoint = (scope, parts) => {
  const { operations } = parts;
  scope.post(
    "/v1/agents/:id/execute",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "executeAgent",
          tag: "Executions",
          summary: "Execute an agent",
          description:
            "Answers with the finished execution, or with server-sent events when `stream` is true. A client that leaves does not stop the execution; cancelling does.\n\nA streaming call that is repeated with its `Idempotency-Key` joins the first one's stream from its beginning.",
          headers: executionHeaders,
          answers: {
            200: {
              description: "The execution has ended, or waits for tool results; or the stream of its events",
              schema: executionSchema,
              more: { "text/event-stream": streamEventSchema },
            },
            202: { description: "Accepted, with Prefer: respond-async", schema: executionSchema },
          },
          errors: [400, 404, 409, 422, 500, 502, 503],
        }),
        params: idParamsSchema,
        body: executeRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { input, conversationId, stream, memory, memoryStores, metadata } = request.body;
      const agentId = idOf("agent", request.params.id);
      const caller = callerOf(request, answer);
      const wanted: ExecuteRequest = { input };
      if (conversationId !== undefined) {
        wanted.conversationId = idOf("conversation", conversationId, "conversationId");
      }
      if (memory?.session !== undefined) wanted.session = memory.session;
      if (memoryStores !== undefined) {
        wanted.memoryStoreIds = memoryStores.map((id, index) => idOf("memoryStore", id, `memoryStores.${index}`));
      }
      if (metadata !== undefined) wanted.metadata = metadata satisfies JsonObject;
      const start = () => operations.executeAgent(caller, agentId, wanted);
      const execution = await startOnce(request, reply, operations, start);
      return await answerExecution(request, reply, { parts, caller, execution, stream, after: 0 });
    },
  );
};

function answer(execution: Execution) {
  return { status: 200, body: renderExecution(execution) };
}
