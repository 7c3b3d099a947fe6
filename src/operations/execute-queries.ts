import { sql } from "kysely";
import { prepared } from "../store/prepared.ts";
import { perDatabase } from "./per-database.ts";

/** The statements of every execute. */
export const executeQueries = perDatabase(({ builder }) => ({
  agent: prepared<{ id: string; organizationId: string }>((p) =>
    builder
      .selectFrom("agent")
      .select(["status", "current_version_id"])
      .where("id", "=", p.id)
      .where("organization_id", "=", p.organizationId)
      .where("deleted_at", "is", null),
  ),
  /** Ask only for an agent that was found: a label says nothing of the organization. */
  labelled: prepared<{ agentId: string; label: string }>((p) =>
    builder.selectFrom("agent_version").select("id").where("agent_id", "=", p.agentId).where("label", "=", p.label),
  ),
  callback: prepared<{ executionId: string; organizationId: string; url: string }>((p) =>
    builder
      .insertInto("completion_callback")
      .values({ execution_id: p.executionId, organization_id: p.organizationId, url: p.url }),
  ),
  memoryStore: prepared<{ id: string; organizationId: string }>((p) =>
    builder
      .selectFrom("memory_store")
      .select("id")
      .where("id", "=", p.id)
      .where("organization_id", "=", p.organizationId),
  ),
  countSince: prepared<{ organizationId: string; from: number }>((p) =>
    builder
      .selectFrom("execution")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("organization_id", "=", p.organizationId)
      .where("agent_id", "is not", null)
      .where("created_at", ">=", p.from),
  ),
  conversation: prepared<{ id: string; organizationId: string }>((p) =>
    builder
      .selectFrom("conversation")
      .select(["session", "session_version", "last_active_at"])
      .where("id", "=", p.id)
      .where("organization_id", "=", p.organizationId),
  ),
  openConversation: prepared<{ id: string; organizationId: string; agentId: string; session: string; now: number }>(
    (p) =>
      builder.insertInto("conversation").values({
        id: p.id,
        organization_id: p.organizationId,
        agent_id: p.agentId,
        session: p.session,
        created_at: p.now,
        last_active_at: p.now,
      }),
  ),
  /** Conditional on the session that was read, so that two merges at once do not undo each other. */
  continueConversation: prepared<{
    id: string;
    organizationId: string;
    session: string;
    version: number;
    now: number;
  }>((p) =>
    builder
      .updateTable("conversation")
      .set({ session: p.session, session_version: sql<number>`session_version + 1`, last_active_at: p.now })
      .where("id", "=", p.id)
      .where("organization_id", "=", p.organizationId)
      .where("session_version", "=", p.version)
      .returning("id"),
  ),
  reserve: prepared<{ id: string; amount: number }>((p) =>
    builder
      .updateTable("organization")
      .set({ reserved_nano_usd: sql<number>`reserved_nano_usd + ${p.amount}` })
      .where("id", "=", p.id)
      .where(
        sql<boolean>`(credit_limit_nano_usd is null
            or spent_nano_usd + reserved_nano_usd + ${p.amount} <= credit_limit_nano_usd)`,
      )
      .returning("id"),
  ),
  creditEntry: prepared<{
    id: string;
    organizationId: string;
    executionId: string;
    kind: string;
    amount: number;
    at: number;
  }>((p) =>
    builder.insertInto("credit_entry").values({
      id: p.id,
      organization_id: p.organizationId,
      execution_id: p.executionId,
      kind: p.kind,
      amount_nano_usd: p.amount,
      at: p.at,
    }),
  ),
}));
