import { RunyardError } from "../../../contract/errors.ts";

const maxShownName = 120;

/** A bundle that breaks a rule. `rule` is a sentence that says what was expected and what came. */
export function invalidBundle(rule: string, options?: { cause?: unknown }): RunyardError {
  return new RunyardError("bundle_invalid", rule, options);
}

/** The same for one entry, which is named as JSON writes it, so that control characters in its name show. */
export function invalidEntry(name: string, rule: string): RunyardError {
  const shown = name.length > maxShownName ? `${name.slice(0, maxShownName)}…` : name;
  return invalidBundle(`The bundle's entry ${JSON.stringify(shown)} ${rule}`);
}
