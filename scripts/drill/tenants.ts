import { z } from "zod";
import { type CodeAgents, createCodeAgents, type DaemonAgents } from "./code-agents.ts";
import type { DrillClient } from "./drill-client.ts";

/** An organization with its agents, ready for load. */
export interface Tenant {
  key: string;
  organizationId: string;
  agents: Record<"plain" | "tools" | "asker" | "keeper" | "form", string>;
  code: CodeAgents;
  daemons: DaemonAgents;
  memoryStoreId: string;
}

const organizationSchema = z.object({ id: z.string(), key: z.string() });
const madeSchema = z.object({ id: z.string() });

const noteParameters = { type: "object", properties: { note: { type: "string" } }, required: ["note"] };

/** Makes an organization by the API. `name` is part of the addresses of its webhooks. */
export async function createTenant(
  client: DrillClient,
  firstKey: string,
  options: { name: string; creditLimitUsd: number | null; toolsUrl: string; sinkUrl: string; refusedShare: number },
): Promise<Tenant> {
  const { name, creditLimitUsd, toolsUrl, sinkUrl, refusedShare } = options;
  const { id, key } = await client.create(firstKey, "/v1/organizations", { name, creditLimitUsd }, organizationSchema);
  const agent = async (agentName: string, more: Record<string, unknown>): Promise<string> => {
    const definition = {
      name: agentName,
      model: "openai/gpt-4.1-mini",
      systemPrompt: `You are ${agentName}.`,
      ...more,
    };
    return (await client.create(key, "/v1/agents", definition, madeSchema)).id;
  };
  const lookup = {
    name: "lookup",
    description: "Looks a note up.",
    parameters: noteParameters,
    handler: `${toolsUrl}/${name}/lookup?delay=25`,
    retries: 2,
    effect: "idempotent",
  };
  const book = { ...lookup, name: "book", handler: `${toolsUrl}/${name}/book?delay=25`, effect: "once", retries: 0 };
  const ask = { name: "ask_user", description: "Asks the user.", parameters: noteParameters };
  const agents = {
    plain: await agent("plain", { memory: { maxTurns: 6 } }),
    tools: await agent("tools", { tools: [lookup, book] }),
    asker: await agent("asker", { tools: [ask, lookup] }),
    keeper: await agent("keeper", { tools: [lookup] }),
    form: await agent("form", {
      outputSchema: { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] },
    }),
  };
  const store = await client.create(key, "/v1/memory-stores", { name: "notes", agentWritable: true }, madeSchema);
  const ends = ["execution.completed", "execution.failed", "execution.cancelled"];
  await client.create(
    key,
    "/v1/webhooks",
    { url: `${sinkUrl}/${name}/all?refuse=${refusedShare}`, events: ["execution.started", ...ends] },
    madeSchema,
  );
  await client.create(
    key,
    "/v1/webhooks",
    { url: `${sinkUrl}/${name}/plain`, events: [...ends, "tool.called"], agentId: agents.plain },
    madeSchema,
  );
  const ofCode = await createCodeAgents(client, key);
  return { key, organizationId: id, agents, ...ofCode, memoryStoreId: store.id };
}
