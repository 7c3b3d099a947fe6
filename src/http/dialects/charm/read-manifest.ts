import { parseDocument } from "yaml";
import type { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import { maxJsonDepth } from "../../json-body.ts";
import { refuseUnstorable } from "../../unstorable-text.ts";
import { describeProblems, SchemaError } from "./framework-errors.ts";
import { type Manifest, manifestSchema } from "./schemas/manifest.ts";

/** A manifest out of a request. @param place where it stands in the body. @throws SchemaError */
export function checkManifest(value: unknown, place: readonly string[]): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  throw new SchemaError(describeProblems(result.error, value, ["body", ...place]));
}

/**
 * The manifest out of the `charm.yaml` of a bundle.
 * @throws RunyardError `bundle_invalid` when it is no YAML, or does not fit the schema
 */
export function readManifestFile(text: string): Manifest {
  const value = readYaml(text);
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(describeIssues(result.error, value));
}

function readYaml(text: string): unknown {
  // Aliases are how a small file becomes a huge object; nobody needs them in a manifest of this size.
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw invalid(error.message);
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (depthOf(value) > maxJsonDepth) throw invalid("it is nested too deep");
    refuseUnstorable(value);
    return value;
  } catch (cause) {
    if (cause instanceof RunyardError && cause.code === "bundle_invalid") throw cause;
    throw invalid(cause instanceof Error ? cause.message : "it cannot be read", cause);
  }
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; level.length > 0 && depth <= maxJsonDepth; depth += 1) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return depth;
}

function describeIssues(error: z.ZodError, value: unknown): string {
  return describeProblems(error, value, [])
    .map(({ loc, msg }) => (loc.length === 0 ? msg : `${loc.join(".")}: ${msg}`))
    .join("; ");
}

function invalid(reason: string, cause?: unknown): RunyardError {
  const [line = ""] = reason.split("\n", 1);
  return new RunyardError("bundle_invalid", `The charm.yaml of the bundle is not valid: ${line}`, { cause });
}
