import { posix } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { CodeRun } from "../code-parts.ts";

/**
 * The input as the program gets it: the caller's, with the names of files in the fields that ask for them and with the keys
 * that agents look for.
 */
export function runInput(input: JsonObject, run: CodeRun): JsonObject {
  const whole = { ...input };
  for (const key of Object.keys(run.files)) {
    const field = whole[key];
    if (field === undefined || field === null || field === "") whole[key] = fileName(key);
  }
  if (run.threadId !== null) whole["__charm_thread_id__"] = run.threadId;
  if (run.state !== "") whole["__charm_state__"] = run.state;
  if (run.history.length > 0) {
    whole["__charm_history__"] = run.history;
    whole["history"] = run.history;
  }
  return whole;
}

/**
 * The name that a file has in the working directory: the last part of its key.
 * @throws RunyardError `preparation_failed` when that is no name
 */
export function fileName(key: string): string {
  const name = posix.basename(key.replaceAll("\\", "/"));
  if (name === "" || name === "." || name === ".." || name.includes("\0") || Buffer.byteLength(name) > 255) {
    throw new RunyardError("preparation_failed", `The key "${key.slice(0, 100)}" of "files" holds no name of a file.`);
  }
  return name;
}
