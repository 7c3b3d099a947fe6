import type { AgentDefinition } from "../contract/agent.ts";
import type { Id } from "../contract/ids.ts";
import type { ToolDefinition } from "../contract/tool.ts";
import type { SecretPlace, Secrets } from "../store/secrets.ts";

/** Whose definition it is: a sealed value opens in this version only. */
export interface VersionPlace {
  organizationId: Id;
  versionId: Id;
}

/** The definition as it is stored and shown: the header values of MCP servers are sealed. */
export function sealDefinition(
  secrets: Secrets,
  place: VersionPlace,
  definition: AgentDefinition,
): Promise<AgentDefinition> {
  return mapHeaders(definition, (value, at) =>
    secrets.seal(place.organizationId, value, { record: place.versionId, ...at }),
  );
}

/** The definition as a runtime needs it. Belongs into no answer, log or event. */
export function openDefinition(
  secrets: Secrets,
  place: VersionPlace,
  definition: AgentDefinition,
): Promise<AgentDefinition> {
  return mapHeaders(definition, (value, at) =>
    secrets.open(place.organizationId, value, { record: place.versionId, ...at }),
  );
}

async function mapHeaders(
  definition: AgentDefinition,
  map: (value: string, at: Pick<SecretPlace, "field">) => Promise<string>,
): Promise<AgentDefinition> {
  if (definition.runtime !== "chat" || !definition.tools.some((tool) => tool.type === "mcp")) return definition;
  const tools: ToolDefinition[] = [];
  for (const [index, tool] of definition.tools.entries()) {
    if (tool.type !== "mcp") {
      tools.push(tool);
      continue;
    }
    const headers: [string, string][] = [];
    for (const [name, value] of Object.entries(tool.headers)) {
      headers.push([name, await map(value, { field: `definition.tools.${index}.headers.${name}` })]);
    }
    tools.push({ ...tool, headers: Object.fromEntries(headers) });
  }
  return { ...definition, tools };
}
