import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { OperationParts } from "./parts.ts";

/** @throws `unprocessable` with every problem in its message and the first one's field */
export function refuseUnrunnable(
  { checkDefinition }: Pick<OperationParts, "checkDefinition">,
  definition: AgentDefinition,
): void {
  const problems = checkDefinition(definition);
  const [first] = problems;
  if (first === undefined) return;
  throw new RunyardError("unprocessable", problems.map(({ message }) => message).join(" "), { param: first.param });
}
