import type { CodeDefinition } from "../../../contract/agent.ts";
import type { Ctx } from "../../../engine/program.ts";
import type { CodeInput } from "../code-parts.ts";
import type { CodeRuntime } from "../open-code-runtime.ts";
import { operatorVariables } from "./operator-variables.ts";
import { maxVariableBytes, type ProgramEnvironment, programEnvironment } from "./program-environment.ts";

/** In the folder that a run's files are given in, when its conversation has turns. */
export const historyFile = ".charm-history.json";

/** What a run finds in its environment, and what is to be said about it. */
export interface RunEnvironment extends Omit<ProgramEnvironment, "leftOut"> {
  notes: readonly string[];
}

/**
 * Puts together the environment of one run: the variables of its caller, those of the operator that its version names,
 * and what is known of the run.
 *
 * @param place.folder where the run finds its files, as it sees it
 * @param place.operator behind the operator's own
 * @param place.own of the place that it runs in
 * @throws RunyardError `preparation_failed` when a process cannot be started with them
 */
export async function runEnvironment(
  {
    ctx,
    input,
    definition,
    runtime: { parts },
  }: { ctx: Ctx; input: CodeInput; definition: CodeDefinition; runtime: Pick<CodeRuntime, "parts"> },
  place: { folder: string; operator?: Readonly<Record<string, string>>; own?: Readonly<Record<string, string>> },
): Promise<RunEnvironment> {
  const { userId, history, sealedEnvironment: sealed } = input.run;
  const { leftOut, ...environment } = programEnvironment({
    given: sealed === null ? {} : await parts.openEnvironment(ctx.organizationId, input.agentId, sealed),
    operator: { ...place.operator, ...operatorVariables(definition, parts.settings) },
    own: { ...place.own, CHARM_USER_ID: userId, ...historyVariables(history, place.folder) },
  });
  const notes =
    leftOut.length === 0 ? [] : [`Left out of the environment, which the sandbox sets itself: ${leftOut.join(", ")}`];
  return { ...environment, notes };
}

/** The program finds it in its input and in the file as well, so what is too long for a variable is left out here. */
function historyVariables(history: CodeInput["run"]["history"], folder: string): Record<string, string> {
  if (history.length === 0) return {};
  const text = JSON.stringify(history);
  return {
    CHARM_MEMORY_FILE: `${folder}/${historyFile}`,
    ...(Buffer.byteLength(text) > maxVariableBytes - 100 ? {} : { CHARM_HISTORY: text }),
  };
}
