import { RunyardError } from "../contract/errors.ts";

/** One thing that is wrong with the settings. */
export interface SettingsProblem {
  /** The setting as the file spells it, or the unknown name as it was written. */
  name: string;
  message: string;
}

/** The settings cannot be used. The message lists every problem, one a line, and shows no secret. */
export class SettingsError extends RunyardError {
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const lines = problems.map((problem) => `  ${problem.name}: ${problem.message}`);
    super("invalid_field_value", `The settings cannot be used:\n${lines.join("\n")}`, { param: problems[0]?.name });
    this.name = "SettingsError";
    this.problems = problems;
  }
}
