import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { Id } from "../../../contract/ids.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { type RunContext, RunRenderer, type WireEvent } from "./render-event.ts";
import { limitQuery } from "./schemas/framework.ts";
import { runEventsSchema, runPathSchema } from "./schemas/run.ts";
import { contextOf } from "./stream-run.ts";
import { renderTime } from "./time.ts";

const pageSize = 500;

export const listRunEvents: CharmEndpoint = (scope, parts) => {
  const { operations } = parts;
  scope.get(
    "/charm/v1/runs/:run_id/events",
    {
      config: { scopes: ["agents:read", "agents:execute"] },
      schema: {
        ...documented({
          operationId: "get_run_events_v1_runs__run_id__events_get",
          tag: "Runs",
          summary: "Get Run Events",
          description: "What the stream of the run has shown so far, oldest first.",
          status: 200,
          answer: runEventsSchema,
          errors: [404],
        }),
        params: runPathSchema,
        querystring: z.object({ limit: limitQuery(50, 10_000) }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "execution", request.params.run_id);
      const execution = await operations.describeExecution(caller, id);
      const named = execution.conversationId === undefined ? [id] : [id, execution.conversationId];
      const context = contextOf({ parts, request, caller }, execution, await operations.readAliases(caller, named));
      const events = await readEvents(operations, caller, { id, context, limit: request.query.limit });
      return sendJson(reply, 200, { run_id: context.runId, events });
    },
  );
};

/** The log has events that the wire does not show, so it is read on until there are enough. */
async function readEvents(
  operations: Pick<Operations, "listEvents">,
  caller: Caller,
  { id, context, limit }: { id: Id; context: RunContext; limit: number },
): Promise<WireEvent[]> {
  const renderer = new RunRenderer(context);
  const shown: WireEvent[] = [];
  for (let after = 0; ;) {
    const page = await operations.listEvents(caller, id, { after, limit: pageSize });
    for (const event of page) {
      for (const wire of renderer.render(event)) {
        shown.push({ ...wire, seq: event.seq, created_at: renderTime(event.at) });
        if (shown.length === limit) return shown;
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return shown;
    after = last.seq;
  }
}
