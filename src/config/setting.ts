import { z } from "zod";

/** What there is to know of one setting besides its schema. */
export interface SettingFacts {
  /** Names in the environment; the first with a value wins. None: the setting is for the file alone. */
  env?: readonly string[];
  /** How a text from the environment or a flag becomes a value. */
  text: SettingText;
  /** Completes "expected …", for errors and the docs. */
  expected: string;
  about: string;
  /** Never shown, and not settable by a flag, which other users of the machine could read. */
  secret?: boolean;
}

/**
 * - `text`: as it is
 * - `number`: decimal; `null` or `unlimited` for no limit
 * - `list`: comma separated
 * - `pairs`: comma separated `name=value`
 */
export type SettingText = "text" | "number" | "list" | "pairs";

/** One leaf of the settings schema. */
export interface Setting extends SettingFacts {
  /** Its keys in the file, e.g. `["concurrency", "total"]`. */
  path: readonly string[];
  /** `--public-url`; undefined when it cannot be set by a flag. */
  flag: string | undefined;
}

const factsOf = new WeakMap<z.ZodType, SettingFacts>();

/** Marks a schema as a setting of its own. */
export function setting<T extends z.ZodType>(schema: T, facts: SettingFacts): T {
  factsOf.set(schema, facts);
  return schema;
}

/** All settings below a schema, in the order they are written. */
export function settingsOf(schema: z.ZodType, path: readonly string[] = []): Setting[] {
  const facts = factsOf.get(schema);
  if (facts !== undefined) return [{ ...facts, path, flag: flagOf(facts) }];
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodObject)) throw new TypeError(`no facts for the setting ${path.join(".")}`);
  return Object.entries(inner.shape).flatMap(([key, child]) => {
    if (!(child instanceof z.ZodType)) throw new TypeError(`no schema for the setting ${[...path, key].join(".")}`);
    return settingsOf(child, [...path, key]);
  });
}

/** `RUNYARD_PUBLIC_URL` → `--public-url`. Only our own variables have flags; providers' are set where their tools set them. */
function flagOf(facts: SettingFacts): string | undefined {
  const own = facts.env?.find((name) => name.startsWith("RUNYARD_"));
  if (own === undefined || facts.secret === true) return undefined;
  return `--${own.slice("RUNYARD_".length).toLowerCase().replaceAll("_", "-")}`;
}
