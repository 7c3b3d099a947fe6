import type { CodeLifecycle } from "../../../contract/agent.ts";
import { codeLifecycles } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { CodeRunRequest } from "../../../operations/operations.ts";
import { plainAdapter } from "./define-agent.ts";
import { type Problem, SchemaError } from "./framework-errors.ts";
import type { ExecuteRequest } from "./schemas/run.ts";

const maxVariableBytes = 1024 * 1024;
const maxStateLength = 4 * 1024 * 1024;
const longestName = 255;

/** What an adapter or lifecycle is called when the caller says nothing: then the version's own counts. */
const unsaid = { adapter: "python", lifecycle: "serverless" };

/**
 * The part of a request that only programs can use, checked as far as the schema does not.
 * @throws SchemaError with everything that is wrong; RunyardError `body_too_large`
 */
export function readCodeRun(request: ExecuteRequest): CodeRunRequest {
  const problems = [
    ...idProblems("run_id", request.run_id),
    ...idProblems("thread_id", request.thread_id),
    ...variableProblems(request.env_vars),
    ...stateProblems(request.state_snapshot),
  ];
  const { files, problems: fileProblems } = byBaseName(request.files);
  problems.push(...fileProblems);
  if (problems.length > 0) throw new SchemaError(problems);
  refuseManyVariables(request.env_vars);
  const adapter = plainAdapter(request.adapter_type);
  const lifecycle = knownLifecycle(request.lifecycle);
  return {
    environment: request.env_vars,
    files,
    history: request.history,
    state: request.state_snapshot,
    ...(adapter !== unsaid.adapter && { adapter }),
    ...(lifecycle !== undefined && lifecycle !== unsaid.lifecycle && { lifecycle }),
  };
}

/** An unknown one goes the serverless way. */
function knownLifecycle(text: string): CodeLifecycle | undefined {
  return codeLifecycles.find((lifecycle) => lifecycle === text);
}

function idProblems(field: "run_id" | "thread_id", id: string | null | undefined): Problem[] {
  if (id === undefined || id === null || id.length <= longestName) return [];
  const msg = `String should have at most ${longestName} characters`;
  return [{ type: "string_too_long", loc: ["body", field], msg }];
}

/** A name with `=` in it, or none, cannot be the name of a variable. */
function variableProblems(variables: Record<string, string>): Problem[] {
  return Object.keys(variables)
    .filter((name) => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) || name.length > longestName)
    .map((name) => ({
      type: "value_error",
      loc: ["body", "env_vars", name.slice(0, longestName)],
      msg: "Names of variables are letters, digits and underscores, and begin with no digit",
    }));
}

function stateProblems(state: string): Problem[] {
  if (state.length <= maxStateLength) return [];
  const msg = `String should have at most ${maxStateLength} characters`;
  return [{ type: "string_too_long", loc: ["body", "state_snapshot"], msg }];
}

function refuseManyVariables(variables: Record<string, string>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(variables))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  if (bytes <= maxVariableBytes) return;
  throw new RunyardError(
    "body_too_large",
    `env_vars may have ${maxVariableBytes} bytes in all, but has ${bytes}. Hand large data over in files.`,
  );
}

/** Files are saved under the last part of their names, so folders in them lead nowhere. */
function byBaseName(given: Record<string, string>): { files: Record<string, string>; problems: Problem[] } {
  const files = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [key, url] of Object.entries(given)) {
    const loc = ["body", "files", key.slice(0, longestName)];
    const name = key.split(/[/\\]/).at(-1) ?? "";
    if (name === "" || name === "." || name === ".." || Buffer.byteLength(name) > longestName || hasControl(name)) {
      problems.push({ type: "value_error", loc, msg: "The name of a file should end in a plain file name" });
    } else if (files.has(name)) {
      problems.push({ type: "value_error", loc, msg: `Another file of this request is called ${name} already` });
    } else if (!/^(https?|data):/i.test(url)) {
      problems.push({ type: "value_error", loc, msg: "A file should be an http, https or data URL" });
    } else {
      files.set(name, url);
    }
  }
  return { files: Object.fromEntries(files), problems };
}

function hasControl(name: string): boolean {
  return [...name].some((character) => character < " " || character === "\u007f");
}
