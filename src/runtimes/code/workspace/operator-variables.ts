import type { CodeDefinition } from "../../../contract/agent.ts";
import type { CodeSettings } from "../code-parts.ts";

/** The operator's variables that a version names. */
export function operatorVariables(
  { environmentNames }: Pick<CodeDefinition, "environmentNames">,
  { environment }: Pick<CodeSettings, "environment">,
): Record<string, string> {
  return Object.fromEntries(
    environmentNames.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
