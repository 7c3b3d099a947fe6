import { z } from "zod";
import { usageSchema } from "./execution.ts";

const figures = {
  executions: z.int(),
  usage: usageSchema,
  costUsd: z.number().nullable().describe("Null when a model of unknown price took part."),
};

export const usageReportSchema = z
  .object({
    data: z.array(z.object({ key: z.string().describe("A day, an agent's id or a model's name."), ...figures })),
    total: z.object(figures),
  })
  .meta({ id: "UsageReport" });
export type WireUsageReport = z.infer<typeof usageReportSchema>;
