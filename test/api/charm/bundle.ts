import { randomUUID } from "node:crypto";
import { stringify } from "yaml";
import { type BundleEntry, makeBundle as makeAnyBundle } from "../../support/make-bundle.ts";

/** A gzip tarball of these files, as the command line makes them: no folders, paths relative to the project. */
export function makeBundle(files: Readonly<Record<string, string>>): Promise<Buffer> {
  return makeArchive(Object.entries(files).map(([name, content]) => ({ name, content })));
}

/** The same bytes for the same entries. */
export function makeArchive(entries: readonly BundleEntry[]): Promise<Buffer> {
  return makeAnyBundle(entries.map((entry) => ({ mtime: new Date(0), ...entry })));
}

export interface ManifestFields {
  id?: string;
  name?: string;
  version?: string;
  adapter?: object;
  lifecycle?: string;
  policies?: object;
}

/** The manifest of a small Python agent. */
export function manifestOf({
  id = randomUUID(),
  name = "Probe Agent",
  version = "1.0.0",
  ...rest
}: ManifestFields = {}) {
  return {
    version: "0.4.2",
    id,
    persona: { name, version, description: "Probes.", authors: [], tags: [], license: "Free" },
    goals: [],
    interface: {
      input: { type: "object", properties: { text: { type: "string" } } },
      output: { type: "object" },
    },
    runtime: {
      adapter: rest.adapter ?? {
        type: "custom",
        entry_point: "src.main:run",
        environment_variables: { models: [], tools: [] },
      },
      skills: [],
      telemetry: [],
      memory: { provider: "local", config: {} },
      mode: "standard",
      lifecycle: rest.lifecycle ?? "serverless",
    },
    ...(rest.policies !== undefined && { policies: rest.policies }),
  };
}

export type TestManifest = ReturnType<typeof manifestOf>;

/** The bundle of a project with this manifest and this Python source as `src/main.py`. */
export function projectBundle(manifest: object, source = "def run(inputs):\n    return inputs\n"): Promise<Buffer> {
  return makeBundle({ "charm.yaml": stringify(manifest), "src/__init__.py": "", "src/main.py": source });
}
