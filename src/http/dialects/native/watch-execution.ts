import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { callerOf } from "../../idempotency.ts";
import { streamExecution, streamHeaders } from "./answer-execution.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { streamEventSchema } from "./schemas/event.ts";
import { wholeNumberQuery } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const watchExecution: Endpoint = (scope, parts) => {
  const { operations } = parts;
  scope.get(
    "/v1/executions/:id/stream",
    {
      // A HEAD would hold a connection open for an answer that never has a body.
      exposeHeadRoute: false,
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "watchExecution",
          tag: "Executions",
          summary: "Stream an execution's events",
          description:
            "Replays every event with a number above the header `Last-Event-ID` (or `after`), then goes on live until the end. Any number of readers may watch, at any time.\n\nThe number of an event is its SSE id. Numbers begin with 1 and grow; some are skipped.",
          headers: { "Last-Event-ID": "Number of the last event that was seen; wins over `after`.", ...streamHeaders },
          answers: { 200: { description: "Events", schema: streamEventSchema, type: "text/event-stream" } },
          errors: [400, 404, 410],
        }),
        params: idParamsSchema,
        querystring: z.object({
          after: wholeNumberQuery(0, Number.MAX_SAFE_INTEGER)
            .optional()
            .describe("Number of the last event that was seen."),
        }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = callerOf(request);
      const after = readLastEventId(request.headers["last-event-id"]) ?? request.query.after ?? 0;
      const execution = await operations.describeExecution(caller, idOf("execution", request.params.id));
      return await streamExecution(request, reply, { parts, caller, execution, after });
    },
  );
};

function readLastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === "") return undefined;
  const text = String(header);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RunyardError(
    "invalid_field_value",
    `Last-Event-ID must be the number of an event, but is ${JSON.stringify(text.slice(0, 60))}.`,
    { param: "Last-Event-ID" },
  );
}
