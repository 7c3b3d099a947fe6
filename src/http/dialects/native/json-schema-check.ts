import type { AgentDefinition } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { JsonSchema } from "../../../contract/json.ts";

/**
 * Refuses an agent whose JSON Schemas could not be used: malformed, with a reference that leads nowhere or a pattern that
 * is no expression. The compiler is loaded on the first use.
 *
 * @throws RunyardError `invalid_field_value`
 */
export async function refuseUnusableSchemas(definition: AgentDefinition): Promise<void> {
  if (definition.runtime === "code") {
    if (definition.inputSchema !== undefined) await refuse(definition.inputSchema, "inputSchema");
    return;
  }
  for (const [index, tool] of definition.tools.entries()) {
    if (tool.type === "http" || tool.type === "client") await refuse(tool.parameters, `tools.${index}.parameters`);
  }
  if (definition.outputSchema !== undefined) await refuse(definition.outputSchema, "outputSchema");
}

async function refuse(schema: JsonSchema, param: string): Promise<void> {
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  // One for each check: it keeps what it has compiled, and schemas with an `$id` would meet each other.
  const compiler = new Ajv2020({ strict: false, logger: false, validateFormats: false });
  try {
    compiler.compile({ ...schema, $schema: undefined });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "it does not compile";
    throw new RunyardError("invalid_field_value", `"${param}" must be a usable JSON Schema: ${reason}.`, {
      param,
      cause,
    });
  }
}
