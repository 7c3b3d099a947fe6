import type { Distribution } from "../contract/analytics.ts";
import { requireAnalysed, runsOf, tokens } from "./analysed-agent.ts";
import { distributionOf } from "./distribution.ts";
import type { AnalysedAgent, Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

const bounds = [1, 101, 501, 1_001, 5_001, 10_001, 50_001, 100_001];

/** Tokens, in and out, of each run that has ended. The first bucket has those that used none. */
export async function getTokenDistribution(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  agent: AnalysedAgent,
): Promise<Distribution> {
  const place = await requireAnalysed(database, caller, agent);
  const ended = runsOf(database, place).where("execution.finished_at", "is not", null);
  return distributionOf(database, ended.select(tokens.as("value")).as("measured"), bounds);
}
