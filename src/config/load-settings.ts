import { basename } from "node:path";
import type { z } from "zod";
import { closestName } from "./closest-name.ts";
import { readSettingsFile, type SettingsFileContent } from "./read-settings-file.ts";
import { allSettings, otherVariables, type Settings, settingsSchema } from "./settings.ts";
import { SettingsError, type SettingsProblem } from "./settings-error.ts";
import type { Setting } from "./setting.ts";
import { readSettingText } from "./setting-text.ts";

export interface LoadSettingsOptions {
  /** `process.env`; a variable without text counts as not set. */
  env: Readonly<Record<string, string | undefined>>;
  /** Flags as the command line gives them, by their name in camel case: `{publicUrl: "…"}` for `--public-url`. */
  flags?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** The settings file; by default what `--config` or `RUNYARD_CONFIG` names, else `runyard.yaml` in `directory`. */
  file?: string;
  /** Where relative names of the file begin. Default: the working directory. */
  directory?: string;
}

/**
 * Reads the settings: a flag wins over the environment, that over the file, that over the default.
 *
 * @throws SettingsError which lists everything that is wrong at once, unknown names included
 */
export async function loadSettings(options: LoadSettingsOptions): Promise<Settings> {
  const { env, flags = {} } = options;
  const named = options.file ?? textOf(flags["config"]) ?? textOf(env["RUNYARD_CONFIG"]);
  const file = await readSettingsFile(named, options.directory ?? process.cwd());

  const values: SettingsFileContent = structuredClone(file?.content ?? {});
  const sources = new Map<Setting, string>();
  for (const setting of allSettings) {
    const given = givenBy(setting, env, flags);
    if (given === undefined) continue;
    sources.set(setting, given.source);
    put(values, setting.path, given.value);
  }

  const result = settingsSchema.safeParse(values);
  const problems = [
    ...unknownVariables(env),
    ...unknownFlags(flags),
    ...(result.success ? [] : problemsOf(result.error, values, sources, file === undefined ? "" : basename(file.path))),
  ];
  if (!result.success || problems.length > 0) throw new SettingsError(problems);
  return result.data;
}

function givenBy(
  setting: Setting,
  env: LoadSettingsOptions["env"],
  flags: NonNullable<LoadSettingsOptions["flags"]>,
): { source: string; value: unknown } | undefined {
  if (setting.flag !== undefined) {
    const given = flags[flagKey(setting.flag)];
    const value = typeof given === "string" ? readSettingText(setting.text, given.trim()) : given;
    if (value !== undefined) return { source: setting.flag, value };
  }
  for (const name of setting.env ?? []) {
    const text = textOf(env[name]);
    if (text !== undefined) return { source: name, value: readSettingText(setting.text, text) };
  }
  return undefined;
}

/** `--public-url` → `publicUrl`, as command line parsers name it. */
function flagKey(flag: string): string {
  return flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Sets a leaf; leaves a file's mistake in between (`concurrency: 5`) in place, for the schema to refuse. */
function put(values: SettingsFileContent, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const below = values[key] ?? {};
  if (!isContent(below)) return;
  values[key] = below;
  put(below, rest, value);
}

function isContent(value: unknown): value is SettingsFileContent {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownVariables(env: LoadSettingsOptions["env"]): SettingsProblem[] {
  const known = [...allSettings.flatMap((setting) => setting.env ?? []), ...otherVariables];
  return Object.keys(env)
    .filter((name) => name.startsWith("RUNYARD_") && !name.startsWith("RUNYARD_TEST_") && !known.includes(name))
    .map((name) => ({ name, message: `no such variable${suggestion(name, known)}` }));
}

function unknownFlags(flags: NonNullable<LoadSettingsOptions["flags"]>): SettingsProblem[] {
  const known = [
    "config",
    ...allSettings.flatMap((setting) => (setting.flag === undefined ? [] : [flagKey(setting.flag)])),
  ];
  return Object.keys(flags)
    .filter((name) => flags[name] !== undefined && !known.includes(name))
    .map((name) => ({ name, message: `no such flag${suggestion(name, known)}` }));
}

function suggestion(written: string, known: Iterable<string>): string {
  const name = closestName(written, known);
  return name === undefined ? "; `docs/settings.md` lists all" : `; did you mean ${name}?`;
}

function problemsOf(
  error: z.ZodError,
  values: SettingsFileContent,
  sources: ReadonlyMap<Setting, string>,
  fileName: string,
): SettingsProblem[] {
  const problems = new Map<string, SettingsProblem>();
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    const setting = allSettings.find(({ path: own }) => own.every((key, index) => path[index] === key));
    const name = (setting?.path ?? path).join(".");
    if (setting !== undefined) {
      const source = sources.get(setting) ?? fileName;
      problems.set(name, {
        name,
        message: `expected ${setting.expected}, got ${shown(setting, values)} (from ${source})`,
      });
    } else if (issue.code === "unrecognized_keys") {
      const siblings = keysBelow(path);
      for (const key of issue.keys) {
        const unknown = [...path, key].join(".");
        const hint = suggestion(unknown, [...siblings, ...allSettings.map((known) => known.path.join("."))]);
        problems.set(unknown, { name: unknown, message: `no such setting in ${fileName}${hint}` });
      }
    } else {
      problems.set(name, { name, message: `expected a map with ${keysBelow(path).join(", ")} (from ${fileName})` });
    }
  }
  return [...problems.values()];
}

function keysBelow(path: readonly string[]): string[] {
  const below = allSettings.filter(({ path: own }) => path.every((key, index) => own[index] === key));
  return [...new Set(below.map(({ path: own }) => own.slice(0, path.length + 1).join(".")))];
}

/** The value at fault, unless it is or could hold a secret. */
function shown(setting: Setting, values: SettingsFileContent): string {
  let value: unknown = values;
  for (const key of setting.path) value = isContent(value) ? value[key] : undefined;
  if (setting.secret === true) return "something else, which is not shown";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string")
    return Array.isArray(value) ? "a list with something else in it" : "something else in it";
  // An address may carry a password.
  return value.includes("@") ? "something else, which is not shown" : JSON.stringify(value.slice(0, 80));
}
