import type { Json } from "../../contract/json.ts";
import type { Ctx } from "../../engine/program.ts";
import { refuseInterrupted } from "./begun-run.ts";
import type { CodeInput } from "./code-parts.ts";
import type { CodeRuntime } from "./open-code-runtime.ts";
import type { Daemons } from "./daemons/daemons.ts";
import { runInDaemon } from "./daemons/run-in-daemon.ts";
import { prepareProgram, type PreparedProgram } from "./prepare-program.ts";
import { runProgram } from "./run-program.ts";
import { runWorkspaceTask } from "./workspace/run-workspace-task.ts";

/**
 * Runs a user's own program in the sandbox: makes its version ready, which can be repeated, then runs it, which cannot.
 *
 * @returns what the program gave as its result; for a run that waits for a person
 *   `{status: "suspended", threadId, nextStep, output?}`
 */
export async function code(
  ctx: Ctx,
  input: CodeInput,
  runtime: CodeRuntime,
  { daemons, jobTimeoutMs }: { daemons: Daemons; jobTimeoutMs: number },
): Promise<Json> {
  const definition = await runtime.parts.readDefinition(ctx.organizationId, input.agentVersionId);
  const { task } = input.run;
  if (task !== undefined) {
    await daemons.suspend({ organizationId: ctx.organizationId, agentId: input.agentId });
    return ctx.step("workspace", (step) => runWorkspaceTask(task, { ctx, step, input, runtime }), { end });
  }
  if ((input.run.lifecycle ?? definition.lifecycle) === "daemon") {
    const run = { ctx, input, definition, runtime, daemons, timeoutMs: jobTimeoutMs };
    return ctx.step("run", (step) => runInDaemon({ ...run, step }), { end });
  }
  let prepared: PreparedProgram | undefined;
  try {
    await ctx.step("prepare", async (step) => {
      const onStatus = (text: string) => step.emit({ type: "status-noted", body: { text } });
      prepared = await prepareProgram(runtime, definition, input.run, { signal: step.signal, onStatus });
      return null;
    });
    return await ctx.step(
      "run",
      async (step) => {
        refuseInterrupted(step, definition, "while the program ran");
        // Another attempt has it in its journal that all is ready, but holds nothing of it.
        prepared ??= await prepareProgram(runtime, definition, input.run, { signal: step.signal });
        return runProgram({ ctx, step, input, definition, runtime, prepared });
      },
      { end },
    );
  } finally {
    prepared?.[Symbol.dispose]();
  }
}

/** The last step's result is the output. */
function end(output: Json | undefined): { output: Json } {
  return { output: output ?? null };
}
