import { hash } from "node:crypto";
import { createRequire } from "node:module";
import type { Ajv, ErrorObject, Options, ValidateFunction } from "ajv";
import type { Json, JsonSchema } from "../contract/json.ts";
import { countValues, isPlainJson } from "./plain-json.ts";
import { runBounded } from "./run-bounded.ts";
import { inspectSchema, type SchemaProblem } from "./schema-limits.ts";
import { describeMismatch } from "./describe-mismatch.ts";

/*
 * Schemas come from users and from MCP servers, values from models: neither is trusted. A schema is bounded in size and
 * depth and refers to nothing outside itself. What can still be slow (a catastrophic `pattern`, references that multiply,
 * a huge value) runs under a time limit, so patterns keep their usual meaning and none has to be refused on suspicion.
 */

const maxValues = 50_000;
const checkTimeoutMs = 100;
const compileTimeoutMs = 1_000;
const maxTimeouts = 3;
const cacheSize = 128;
/** Bytes of schema times values of input that may be checked without the watch, which costs more than the check. */
const unwatchedWork = 5_000_000;

interface CompiledSchema {
  validate: ValidateFunction;
  bytes: number;
  costly: boolean;
  timeouts: number;
}

type Compilation = { problem: SchemaProblem } | { problem: undefined; compiled: CompiledSchema };

/** Least recently used first. */
const cache = new Map<string, Compilation>();

/**
 * Says why a JSON Schema (draft 2020-12 or draft-07) cannot be used for checking; undefined when it can.
 */
export function checkSchema(schema: JsonSchema): SchemaProblem | undefined {
  return compile(schema).problem;
}

/** What does not fit, each in words: path, what was expected, what came. */
export interface Mismatch {
  path: string;
  message: string;
}

/**
 * Checks a value against a schema.
 * @returns undefined when it fits, else at most ten mismatches; also one when the schema or the value cannot be checked
 */
export function findMismatches(schema: JsonSchema, value: Json): Mismatch[] | undefined {
  const compilation = compile(schema);
  if (compilation.problem !== undefined) {
    return [{ path: "", message: `its schema cannot be used: ${schemaProblemText(compilation.problem)}` }];
  }
  const { compiled } = compilation;
  if (!isPlainJson(value)) return [{ path: "", message: "it is nested too deep to be checked" }];
  const values = countValues(value);
  if (values > maxValues) {
    return [{ path: "", message: `it has ${values} values; at most ${maxValues} can be checked` }];
  }
  if (compiled.timeouts >= maxTimeouts) return [{ path: "", message: "its schema takes too long to check" }];
  const errors = runCheck(compiled, value, values);
  if (errors === "timeout") return [{ path: "", message: "it takes too long to check against its schema" }];
  return errors === undefined ? undefined : describeMismatches(errors, value);
}

/** The mismatches as one text for a model; undefined when the input fits. */
export function checkInput(schema: JsonSchema, input: Json): string | undefined {
  const mismatches = findMismatches(schema, input);
  if (mismatches === undefined) return undefined;
  const lines = mismatches.map(({ path, message }) => (path === "" ? `- ${message}` : `- ${path}: ${message}`));
  return `The input does not fit the tool's parameters:\n${lines.join("\n")}`;
}

export function schemaProblemText(problem: SchemaProblem): string {
  return problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
}

function runCheck(compiled: CompiledSchema, value: Json, values: number): ErrorObject[] | undefined | "timeout" {
  const { validate } = compiled;
  const run = (): ErrorObject[] | undefined => (validate(value) ? undefined : (validate.errors ?? []));
  try {
    if (!compiled.costly && compiled.bytes * values <= unwatchedWork) return run();
    const outcome = runBounded(run, checkTimeoutMs);
    if (outcome !== undefined) return outcome.value;
    compiled.timeouts += 1;
    return "timeout";
  } catch (error) {
    // A schema that refers to itself without end.
    if (error instanceof RangeError) return "timeout";
    throw error;
  } finally {
    validate.errors = null; // it holds the checked value
  }
}

function describeMismatches(errors: readonly ErrorObject[], value: Json): Mismatch[] {
  const mismatches = errors.slice(0, 100).map((error) => describeMismatch(error, value));
  const seen = new Set<string>();
  const distinct = mismatches.filter(({ path, message }) => {
    const line = `${path} ${message}`;
    return seen.has(line) ? false : seen.add(line);
  });
  return distinct.slice(0, 10);
}

function compile(schema: JsonSchema): Compilation {
  const inspected = inspectSchema(schema);
  if (inspected.problem !== undefined) return { problem: inspected.problem };
  const key = hash("sha256", inspected.text);
  const known = cache.get(key);
  if (known !== undefined) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  const fresh = compileFresh(schema, inspected.text, inspected.costly);
  cache.set(key, fresh);
  for (const oldest of cache.keys()) {
    if (cache.size <= cacheSize) break;
    cache.delete(oldest);
  }
  return fresh;
}

function compileFresh(schema: JsonSchema, text: string, costly: boolean): Compilation {
  const drafts = draftsOf(schema);
  if (drafts === undefined) {
    const message = `expected JSON Schema draft 2020-12 or draft-07, came ${JSON.stringify(schema["$schema"])}`;
    return { problem: { path: "$schema", message } };
  }
  let problem: SchemaProblem | undefined;
  for (const draft of drafts) {
    const draftProblem = draft.findProblem(schema);
    if (draftProblem === undefined) {
      try {
        const outcome = runBounded(() => draft.create().compile(schema), compileTimeoutMs);
        if (outcome === undefined) return { problem: { path: "", message: "it takes too long to compile" } };
        const compiled = { validate: outcome.value, bytes: Buffer.byteLength(text), costly, timeouts: 0 };
        return { problem: undefined, compiled };
      } catch (error) {
        problem ??= { path: "", message: error instanceof Error ? error.message : String(error) };
      }
    } else {
      problem ??= draftProblem;
    }
  }
  return { problem: problem ?? { path: "", message: "it cannot be compiled" } };
}

interface Draft {
  /** What the draft's own schema says of a schema. */
  findProblem(schema: JsonSchema): SchemaProblem | undefined;
  /** A compiler for one schema: it keeps parts of what it compiles for as long as it lives. */
  create(): Ajv;
}

/** The drafts to try in order; undefined when the schema names one that we do not know. */
function draftsOf(schema: JsonSchema): Draft[] | undefined {
  const named = schema["$schema"];
  // Without a name most schemas are valid in both; array-form `items` only in the older one.
  if (named === undefined) return [draft2020(), draft07()];
  if (typeof named !== "string") return undefined;
  if (/^https?:\/\/json-schema\.org\/draft\/20(19-09|20-12)\/schema#?$/.test(named)) return [draft2020()];
  if (/^https?:\/\/json-schema\.org\/(draft-0[67]\/)?schema#?$/.test(named)) return [draft07()];
  return undefined;
}

// Loaded at the first schema, within a call that cannot wait: the library takes 50 ms and 6 MB of every start otherwise.
const require = createRequire(import.meta.url);
const draft2020 = once(() => {
  const { Ajv2020 }: typeof import("ajv/dist/2020.js") = require("ajv/dist/2020.js");
  return createDraft((options) => new Ajv2020(options));
});
const draft07 = once(() => {
  const { Ajv }: typeof import("ajv") = require("ajv");
  return createDraft((options) => new Ajv(options));
});
const addFormats = once(() => {
  const formats: typeof import("ajv-formats") = require("ajv-formats");
  return formats.default;
});

function createDraft(newAjv: (options: Options) => Ajv): Draft {
  const common: Options = { strict: false, logger: false, allErrors: true, ownProperties: true };
  const meta = newAjv({ ...common, allErrors: false });
  meta.validateSchema({}); // compiles the draft's own schema now, outside the time limit below
  return {
    findProblem(schema) {
      // The name of the draft is left out: 2019-09 and draft-06 are read as their successors.
      const { $schema: _named, ...rest } = schema;
      const valid = runBounded(() => meta.validateSchema(rest) === true, compileTimeoutMs);
      if (valid === undefined) return { path: "", message: "it takes too long to check" };
      if (valid.value) return undefined;
      const [error] = meta.errors ?? [];
      if (error === undefined) return { path: "", message: "it is no JSON Schema" };
      return describeMismatch(error, rest);
    },
    create() {
      const regExp = Object.assign(compilePattern, { code: "new RegExp" });
      // Its optimizer nearly doubles the time of compiling, which is what a schema costs most.
      const code = { regExp, optimize: false };
      const ajv = newAjv({ ...common, meta: false, validateSchema: false, inlineRefs: false, code });
      addFormats()(ajv, { mode: "fast" });
      return ajv;
    },
  };
}

/** Patterns are meant as Unicode ones; many in use are valid only without. */
function compilePattern(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
