import type { Agent, Runyard } from "../../client/src/index.ts";
import { CommandError, exitCodes } from "./exit-code.ts";

/**
 * The id of an agent given by id or by name.
 * @throws CommandError when no agent or more than one has the name
 */
export async function findAgentId(client: Runyard, reference: string): Promise<string> {
  if (/^agt_[0-9a-z]+$/.test(reference)) return reference;
  const named: Agent[] = [];
  for await (const agent of client.agents.listAll({ name: reference, limit: 100 })) {
    if (agent.name === reference) named.push(agent);
  }
  const [only, ...others] = named;
  if (only === undefined) {
    throw new CommandError(exitCodes.notFound, `No agent has the id or the exact name "${reference}".`, {
      hint: "`runyard agents list` shows them.",
    });
  }
  if (others.length > 0) {
    throw new CommandError(exitCodes.usage, `${named.length} agents are named "${reference}".`, {
      hint: `Give one by its id: ${named.map((agent) => agent.id).join(", ")}`,
    });
  }
  return only.id;
}
