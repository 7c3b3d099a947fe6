import type { Distribution } from "../contract/analytics.ts";
import { durationMs, requireAnalysed, runsOf } from "./analysed-agent.ts";
import { distributionOf } from "./distribution.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

const bounds = [100, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000];

/** Milliseconds from acceptance to end, of each run that has ended. */
export async function getLatencyDistribution(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agent: AnalysedAgent,
): Promise<Distribution> {
  const place = await requireAnalysed(database, caller, agent);
  const ended = runsOf(database, place).where("execution.finished_at", "is not", null);
  return distributionOf(database, ended.select(durationMs.as("value")).as("measured"), bounds);
}
