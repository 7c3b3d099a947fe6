import type { Distribution } from "../contract/analytics.ts";
import { countAll, requireAnalysed, runsOf } from "./analysed-agent.ts";
import { distributionOf } from "./distribution.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

const bounds = [2, 3, 6, 11, 21, 51];

/** Runs of each conversation; runs without one are left out. The first bucket has conversations of a single run. */
export async function getSessionDepth(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agent: AnalysedAgent,
): Promise<Distribution> {
  const place = await requireAnalysed(database, caller, agent);
  const depths = runsOf(database, place)
    .where("execution.conversation_id", "is not", null)
    .groupBy("execution.conversation_id")
    .select(countAll.as("value"));
  return distributionOf(database, depths.as("measured"), bounds);
}
