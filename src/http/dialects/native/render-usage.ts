import { spellId } from "../../../contract/ids.ts";
import type { UsageGroup, UsageQuery, UsageReport } from "../../../operations/operations.ts";
import { toUsd } from "../../money.ts";
import { renderUsage } from "./render-execution.ts";
import type { WireUsageReport } from "./schemas/usage.ts";

export function renderUsageReport(report: UsageReport, groupBy: UsageQuery["groupBy"]): WireUsageReport {
  return {
    data: report.groups.map((group) => ({
      key: groupBy === "agent" ? spellId("agent", group.key) : group.key,
      ...renderFigures(group),
    })),
    total: renderFigures(report.total),
  };
}

function renderFigures(group: Omit<UsageGroup, "key">) {
  return {
    executions: group.executions,
    usage: renderUsage(group.usage),
    costUsd: group.costNanoUsd === null ? null : toUsd(group.costNanoUsd),
  };
}
