import type { CodeDefinition, Metadata } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { CodeChange, CreateCodeAgentRequest, WireCodeDefinition } from "./schemas/code-agent.ts";

/** The bytes of a bundle as a definition keeps them. */
export type Bundle = NonNullable<CodeDefinition["bundle"]>;

const defaultTimeoutMs = 600_000;
const defaultMemoryBytes = 2 * 1024 * 1024 * 1024;

/** The definition of a new agent of user code, from a request and the file that its `bundle` names. */
export function defineCodeAgent(request: CreateCodeAgentRequest, bundle: Bundle): CodeDefinition {
  const { entryPoint, label, inputSchema, network } = request;
  const definition: CodeDefinition = {
    runtime: "code",
    name: request.name,
    description: request.description ?? "",
    ...(label !== undefined && { label }),
    bundle,
    adapter: request.adapter,
    ...(entryPoint !== undefined && { entryPoint }),
    lifecycle: request.lifecycle ?? "serverless",
    ...(network !== undefined && network !== null && { network }),
    timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
    memoryBytes: request.memoryBytes ?? defaultMemoryBytes,
    environmentNames: request.environmentNames ?? [],
    onCrash: request.onCrash ?? "fail",
    ...(inputSchema !== undefined && { inputSchema }),
    metadata: request.metadata ?? {},
  };
  requireEntryPoint(definition);
  return definition;
}

/**
 * The definition after a change of the fields that only code has. A label names one version, so a change without one
 * makes a version without one.
 */
export function redefineCodeAgent(
  current: CodeDefinition,
  change: CodeChange,
  bundle: Bundle | undefined,
): CodeDefinition {
  const { adapter, description, entryPoint, environmentNames, inputSchema, label, lifecycle, memoryBytes } = change;
  const { network, onCrash, timeoutMs } = change;
  const next: CodeDefinition = {
    ...current,
    ...(description !== undefined && { description }),
    ...(bundle !== undefined && { bundle }),
    ...(adapter !== undefined && { adapter }),
    ...(lifecycle !== undefined && { lifecycle }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(environmentNames !== undefined && { environmentNames }),
    ...(onCrash !== undefined && { onCrash }),
  };
  setOrRemove(next, "entryPoint", entryPoint);
  setOrRemove(next, "network", network);
  setOrRemove(next, "inputSchema", inputSchema);
  setOrRemove(next, "label", label);
  requireEntryPoint(next);
  return next;
}

export function renderCodeDefinition(definition: CodeDefinition): WireCodeDefinition {
  const { name, description, label, bundle, adapter, entryPoint, lifecycle, network, timeoutMs, memoryBytes } =
    definition;
  const { environmentNames, onCrash, inputSchema, metadata } = definition;
  return {
    runtime: "code",
    name,
    description,
    ...(label !== undefined && { label }),
    ...(bundle !== undefined && { bundle: { sha256: bundle.sha256, size: bundle.sizeBytes } }),
    adapter,
    ...(entryPoint !== undefined && { entryPoint }),
    lifecycle,
    network: network ?? null,
    timeoutMs,
    memoryBytes,
    environmentNames,
    onCrash,
    ...(inputSchema !== undefined && { inputSchema }),
    metadata: metadata satisfies Metadata,
  };
}

function setOrRemove<Field extends "entryPoint" | "network" | "inputSchema" | "label">(
  definition: CodeDefinition,
  field: Field,
  value: CodeDefinition[Field] | null,
): void {
  if (value === null) delete definition[field];
  else if (value !== undefined) definition[field] = value;
}

function requireEntryPoint({ adapter, entryPoint }: CodeDefinition): void {
  if (adapter === "node" || /^[\w.]+:[\w.]+$/.test(entryPoint ?? "")) return;
  throw new RunyardError(
    "invalid_field_value",
    `"entryPoint" must be \`module:attribute\` for the adapter ${adapter}, for example \`app.main:run\`.`,
    { param: "entryPoint" },
  );
}
