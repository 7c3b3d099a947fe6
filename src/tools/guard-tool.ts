import { RunyardError } from "../contract/errors.ts";
import { checkInput } from "./check-input.ts";
import { outputProblem } from "./plain-json.ts";
import { type ServerTool, type ToolResult, type ToolWork, toolFailure } from "./tool.ts";

/** Told of a throw that no tool should make; for the log. */
export type ReportFault = (fault: { tool: string; error: unknown }) => void;

/** Makes a tool out of its work: checks the input, obeys the signal, bounds the output, turns throws into values. */
export function guardTool(work: ToolWork, reportFault: ReportFault): ServerTool {
  const check = (input: Parameters<ServerTool["check"]>[0]): string | undefined => checkInput(work.parameters, input);
  return {
    runs: "server",
    name: work.name,
    description: work.description,
    parameters: work.parameters,
    effect: work.effect,
    check,
    async call(input, context) {
      context.signal.throwIfAborted();
      const mismatch = check(input);
      if (mismatch !== undefined) return toolFailure(mismatch);
      try {
        const result = await untilAborted(work.run(input, context), context.signal);
        if (result.error !== undefined) return result;
        const problem = outputProblem(result.output);
        return problem === undefined ? result : toolFailure(problem);
      } catch (error) {
        context.signal.throwIfAborted();
        return faultResult(error, work.name, reportFault);
      }
    },
  };
}

/** The promise, or a rejection with the signal's reason as soon as it aborts. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort(); // it may have come while the work began
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function faultResult(error: unknown, tool: string, reportFault: ReportFault): ToolResult {
  if (error instanceof RunyardError && error.kind !== "internal") return toolFailure(error.message);
  reportFault({ tool, error });
  return toolFailure(`The tool ${tool} failed inside the server. Try another way.`);
}
