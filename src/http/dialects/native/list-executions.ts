import { z } from "zod";
import type { ExecutionStatus } from "../../../contract/execution.ts";
import { readId } from "../../../contract/ids.ts";
import type { ExecutionFilter } from "../../../operations/operations.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderExecution } from "./render-execution.ts";
import { executionSchema, executionStatuses, type WireExecutionStatus } from "./schemas/execution.ts";
import { pageQuery, pageSchema } from "./schemas/page.ts";
import { readTimeRange } from "./time-range.ts";

export const listExecutions: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/executions",
    {
      config: { scopes: ["agents:read", "agents:execute"] },
      schema: {
        ...documented({
          operationId: "listExecutions",
          tag: "Executions",
          summary: "List executions",
          answers: { 200: { description: "A page of executions", schema: pageSchema(executionSchema) } },
          errors: [400, 422],
        }),
        querystring: z.object({
          agentId: z.string().optional(),
          conversationId: z.string().optional(),
          status: statusListSchema.optional(),
          startDate: z.string().optional().describe("Accepted at or after; a date is its whole day in UTC."),
          endDate: z.string().optional().describe("Accepted at or before; a date is its whole day in UTC."),
          ...pageQuery,
        }),
      },
    },
    async (request, reply) => {
      const { agentId, conversationId, status } = request.query;
      const page = readPage("execution", request.query);
      const filter: ExecutionFilter = readTimeRange(request.query);
      if (status !== undefined) filter.statuses = [...new Set(status.flatMap((one) => statusesBehind[one]))];
      const wantedAgent = agentId === undefined ? undefined : readId("agent", agentId);
      const wantedConversation = conversationId === undefined ? undefined : readId("conversation", conversationId);
      // Nothing belongs to an id that is none, which is an empty list and no error.
      if (
        (agentId !== undefined && wantedAgent === undefined) ||
        (conversationId !== undefined && wantedConversation === undefined)
      ) {
        return sendJson(reply, 200, { data: [], hasMore: false });
      }
      if (wantedAgent !== undefined) filter.agentId = wantedAgent;
      if (wantedConversation !== undefined) filter.conversationId = wantedConversation;
      const executions = await operations.listExecutions(callerOf(request), filter, page);
      return sendJson(reply, 200, renderPage("execution", page, executions, renderExecution));
    },
  );
};

const statusSchema = z.enum(executionStatuses);

const statusListSchema = z
  .string()
  .transform((text, context) => {
    const statuses = text.split(",").map((part) => statusSchema.safeParse(part.trim()));
    const known = statuses.flatMap((status) => (status.success ? [status.data] : []));
    if (known.length === statuses.length) return known;
    context.addIssue({ code: "custom", message: `one of ${executionStatuses.join(", ")}, or several with commas` });
    return z.NEVER;
  })
  .describe("One of running, completed, failed, cancelled, requires_action; or several with commas between.");

const statusesBehind: Record<WireExecutionStatus, readonly ExecutionStatus[]> = {
  running: ["queued", "running"],
  requires_action: ["waiting"],
  completed: ["completed"],
  failed: ["failed"],
  cancelled: ["cancelled"],
};
