import { z } from "zod";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderUsageReport } from "./render-usage.ts";
import { usageReportSchema } from "./schemas/usage.ts";
import { readTimeRange } from "./time-range.ts";

export const getUsage: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/usage",
    {
      config: { scopes: ["analytics:read"] },
      schema: {
        ...documented({
          operationId: "getUsage",
          tag: "Usage",
          summary: "Report usage",
          answers: { 200: { description: "Figures by day, agent or model", schema: usageReportSchema } },
          errors: [400, 404, 422],
        }),
        querystring: z.object({
          agentId: z.string().optional(),
          startDate: z.string().optional().describe("Accepted at or after; a date is its whole day in UTC."),
          endDate: z.string().optional().describe("Accepted at or before; a date is its whole day in UTC."),
          groupBy: z.enum(["day", "agent", "model"]).default("day"),
        }),
      },
    },
    async (request, reply) => {
      const { agentId, groupBy } = request.query;
      const report = await operations.getUsage(callerOf(request), {
        groupBy,
        ...(agentId !== undefined && { agentId: idOf("agent", agentId, "agentId") }),
        ...readTimeRange(request.query),
      });
      return sendJson(reply, 200, renderUsageReport(report, groupBy));
    },
  );
};
