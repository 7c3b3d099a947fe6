import type { Readable } from "node:stream";
import type { CodeDefinition, CodeLifecycle } from "../../contract/agent.ts";
import type { Id } from "../../contract/ids.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Outbound } from "../../egress/outbound.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";

/** The program's input, as it stands in the `execution-queued` event. */
export interface CodeInput {
  /** What the caller gave the program. */
  input: JsonObject;
  agentId: Id;
  agentVersionId: Id;
  /** Runs of one conversation never overlap. Null: the run belongs to none. */
  conversationId: Id | null;
  metadata: JsonObject;
  /** Everything but `input` that a run may be given; see `CodeRun`. */
  run: CodeRun;
}

export interface CodeRun {
  /** Sealed JSON object of the caller's environment variables; null when there are none. */
  sealedEnvironment: string | null;
  /** Downloaded (http, https) or decoded (data) into the working directory, by the base name of the key. */
  files: Record<string, string>;
  /** Earlier messages, in practice `{role, content}`. */
  history: Json[];
  /** Opaque, what an earlier run gave as its state; empty when there was none. */
  state: string;
  /** Whose workspace it is; also `CHARM_USER_ID`. */
  userId: string;
  /** The caller's name of the conversation; names the workspace. Null: the shared workspace of (user, agent). */
  threadId: string | null;
  /** Override those of the version. */
  adapter?: string;
  lifecycle?: CodeLifecycle;
  /** Something to do around the workspace instead of a plain run. */
  task?: { kind: "snapshot" | "restore"; label: string };
}

/** What the code runtime uses of the rest of the product. */
export interface CodeParts {
  sandbox: Sandbox;
  /** Belongs to this runtime alone: `bundles/`, `layers/`, `workspaces/`, `runs/`. */
  directory: string;
  settings: CodeSettings;
  /** The guard that everything from inside goes through. */
  outbound: Outbound;
  readDefinition(organizationId: Id, agentVersionId: Id): Promise<CodeDefinition>;
  openBundle(sha256: string): Promise<Readable>;
  /** @returns variables by name; belongs into no log or event */
  openEnvironment(organizationId: Id, agentId: Id, sealed: string): Promise<Record<string, string>>;
  /** Keeps an artefact as a file of the organization. Putting the same one again for this execution gives the same file. */
  keepFile(
    scope: { organizationId: Id; executionId: Id },
    file: { name: string; type: string; content: Readable },
  ): Promise<{ fileId: Id; sizeBytes: number }>;
}

export interface CodeSettings {
  /** Variables that agents get when their version names them. */
  environment: Readonly<Record<string, string>>;
  /** Where packages come from. Absent: as pip and npm are configured on this machine. */
  pythonIndexUrl?: string;
  npmRegistryUrl?: string;
  /** Further hosts (`name` or `name:port`) that an installation may reach. */
  packageHosts: readonly string[];
  /** At most so many bundles and layers are kept, the least recently used go first. */
  keepBundles: number;
  keepLayers: number;
}
