import type { FastifyReply } from "fastify";
import { z } from "zod";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";

export const getHealth: CharmEndpoint = (scope) => {
  scope.get(
    "/charm/health",
    {
      schema: documented({
        operationId: "health_health_get",
        tag: "Health",
        summary: "Health",
        status: 200,
        answer: z.object({ status: z.string() }),
        takesNothing: true,
      }),
    },
    (_request, reply): FastifyReply => sendJson(reply, 200, { status: "ok" }),
  );
};
