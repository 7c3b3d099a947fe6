import { sql } from "kysely";
import type { Database } from "../store/database.ts";
import type { AgentPlace } from "./analysed-agent.ts";

/** When each user of an agent first ran it or subscribed to it, whichever came first. */
export function installsOf({ builder }: Database, { organizationId, agentId }: AgentPlace) {
  const runs = builder
    .selectFrom("run_user")
    .select(["user_id", "created_at"])
    .where("organization_id", "=", organizationId)
    .where("agent_id", "=", agentId)
    .where("task", "is", null);
  const subscriptions = builder
    .selectFrom("subscription")
    .select(["user_id", "created_at"])
    .where("organization_id", "=", organizationId)
    .where("agent_id", "=", agentId);
  return builder
    .selectFrom(runs.unionAll(subscriptions).as("uses"))
    .select(["user_id", sql<number>`min(created_at)`.as("first_at")])
    .groupBy("user_id");
}
