import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Agent, Runyard } from "../../client/src/index.ts";
import { builtInToolNames } from "../../src/contract/tool.ts";

const exampleSchema = z.object({
  name: z.string(),
  model: z.string(),
  systemPrompt: z.string(),
  tools: z.array(z.enum(builtInToolNames)),
  parameters: z.object({ temperature: z.number() }),
});

/** The agent of `examples/hello/agent.yaml` on a server: made when it is not there, changed when it is another. */
export async function ensureExampleAgent(client: Runyard, model: string): Promise<{ agent: Agent; isNew: boolean }> {
  const path = new URL("../../examples/hello/agent.yaml", import.meta.url);
  const example = exampleSchema.parse(parse(readFileSync(path, "utf8")));
  // The worked examples imitate the tool calls of the tiny local model; a bigger one would copy them as text.
  const systemPrompt = model === example.model ? example.systemPrompt : (example.systemPrompt.split("\n\n")[0] ?? "");
  const fields = { ...example, model, systemPrompt };
  for await (const agent of client.agents.listAll({ name: fields.name })) {
    if (agent.name !== fields.name) continue;
    const isSame =
      agent.runtime === "chat" && agent.model === fields.model && agent.systemPrompt === fields.systemPrompt;
    return { agent: isSame ? agent : await client.agents.update(agent.id, fields), isNew: false };
  }
  return { agent: await client.agents.create(fields), isNew: true };
}
