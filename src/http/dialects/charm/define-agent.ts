import type { AgentDefinition, CodeDefinition } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { AgentCreate, AgentUpdate } from "./schemas/agent.ts";
import { type Manifest, manifestSchema } from "./schemas/manifest.ts";

const defaultTimeoutSeconds = 600;
const shortestTimeoutSeconds = 30;
const longestTimeoutSeconds = 1800;
const memoryBytes = 2 * 1024 * 1024 * 1024;

/** What runs differently because of a manifest. */
type ManifestFields = Pick<
  CodeDefinition,
  "adapter" | "entryPoint" | "lifecycle" | "network" | "timeoutMs" | "environmentNames" | "inputSchema" | "description"
>;

/** The definition of a pushed version. @param stored the manifest as it came, to be shown again */
export function definePushed(
  manifest: Manifest,
  stored: JsonObject,
  bundle: CodeDefinition["bundle"],
): CodeDefinition & { label: string } {
  return {
    ...readManifest(manifest),
    runtime: "code",
    name: manifest.persona.name,
    label: manifest.persona.version,
    ...(bundle !== undefined && { bundle }),
    memoryBytes,
    onCrash: "fail",
    manifest: stored,
    metadata: {},
  };
}

/** The definition of an agent that was made without a bundle; its `config`, where it is a manifest, says how it runs. */
export function defineCreated({ user_id, name, version, config, metadata }: AgentCreate): CodeDefinition {
  return {
    ...readConfig(config ?? undefined),
    runtime: "code",
    name,
    label: version ?? "1.0.0",
    memoryBytes,
    onCrash: "fail",
    owner: user_id,
    ...(config !== undefined && config !== null && { manifest: config }),
    ...(metadata !== undefined && metadata !== null && { annotations: metadata }),
    metadata: {},
  };
}

/** The definition after a change: what is absent or null stays as it is. */
export function redefine(current: AgentDefinition, change: AgentUpdate): AgentDefinition {
  const { name, version, config, metadata } = change;
  const renamed = { ...current, ...(name !== undefined && name !== null && { name }) };
  const given = [
    ["version", version],
    ["config", config],
    ["metadata", metadata],
  ] as const;
  const first = given.find(([, value]) => value !== undefined && value !== null)?.[0];
  if (first === undefined) return renamed;
  if (renamed.runtime !== "code") {
    throw new RunyardError(
      "unprocessable",
      `This agent is no agent of user code, so its ${first} cannot be set here.`,
      {
        param: first,
      },
    );
  }
  return {
    ...renamed,
    ...(config !== undefined && config !== null && { ...fieldsOf(renamed), ...readConfig(config), manifest: config }),
    ...(version !== undefined && version !== null && { label: version }),
    ...(metadata !== undefined && metadata !== null && { annotations: metadata }),
  };
}

/** Without what a new manifest may leave out. */
function fieldsOf({ entryPoint: _entryPoint, network: _network, inputSchema: _inputSchema, ...rest }: CodeDefinition) {
  return rest;
}

function readConfig(config: JsonObject | undefined): ManifestFields {
  const manifest = manifestSchema.safeParse(config);
  if (manifest.success) return readManifest(manifest.data);
  return {
    description: "",
    adapter: "python",
    lifecycle: "serverless",
    network: {},
    timeoutMs: defaultTimeoutSeconds * 1000,
    environmentNames: [],
  };
}

function readManifest({ persona, runtime, policies, interface: { input } }: Manifest): ManifestFields {
  const { type, entry_point, environment_variables } = runtime.adapter;
  const seconds = policies?.execution_timeout_seconds ?? defaultTimeoutSeconds;
  const { models = [], tools = [] } = environment_variables ?? {};
  return {
    description: persona.description,
    adapter: plainAdapter(type),
    ...(entry_point !== undefined && entry_point !== null && { entryPoint: entry_point }),
    lifecycle: runtime.lifecycle,
    // The manifest's own default is to be let out.
    ...(policies?.allow_internet_access !== false && { network: {} }),
    timeoutMs: Math.min(longestTimeoutSeconds, Math.max(shortestTimeoutSeconds, seconds)) * 1000,
    environmentNames: [...new Set([...models, ...tools])],
    inputSchema: input,
  };
}

/** Two names of one adapter. */
export function plainAdapter(type: string): string {
  return type === "custom" ? "python" : type;
}
