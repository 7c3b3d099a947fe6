import type { FastifyReply, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import type { CodeDefinition } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { Caller } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { definePushed } from "./define-agent.ts";
import { absoluteUrl, type CharmParts } from "./endpoint.ts";
import { SchemaError } from "./framework-errors.ts";
import { checkManifest, readManifestFile } from "./read-manifest.ts";
import { readPush } from "./read-push.ts";
import type { Manifest } from "./schemas/manifest.ts";
import { storagePathOf, uploadIdOf } from "./storage-path.ts";

export { isPush } from "./read-push.ts";

/** Registers a pushed version: 201 when it is new, 200 when the very same was pushed before. */
export async function pushAgent(
  parts: CharmParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { operations } = parts;
  const caller = principalOf(request);
  const push = await readPush(request, (content) => keepBundle(parts, caller, content));
  const manifest = checkManifest(push.uac, push.place);
  const agentId = manifest.id ?? "";
  if (agentId === "") {
    throw new SchemaError([{ type: "missing", loc: ["body", ...push.place, "id"], msg: "Field required" }]);
  }
  const bundle =
    push.storagePath === undefined ? undefined : await readBundle(parts, caller, push.storagePath, manifest);
  const { agent, version, isNew } = await operations.pushVersion(caller, agentId, {
    ...definePushed(manifest, push.uac, bundle),
    ...(push.repo !== undefined && { annotations: { repo: push.repo } }),
  });
  const { name } = version.definition;
  const aliases = await operations.readAliases(caller, [agent.id]);
  const shownId = aliases.get(agent.id) ?? agent.id;
  return sendJson(reply, isNew ? 201 : 200, {
    status: "published",
    agent_id: shownId,
    slug: slugOf(name),
    version: manifest.persona.version,
    url: absoluteUrl(parts, request, `/charm/v1/agents/${encodeURIComponent(shownId)}`),
  });
}

/** Puts the bytes that come with a registration where those of an upload would be. */
async function keepBundle({ operations }: CharmParts, caller: Caller, content: Readable): Promise<string> {
  const { id, token } = await operations.openUpload(caller, { name: "", version: "" });
  await operations.receiveUpload(token, content);
  return storagePathOf(id);
}

/** The whole bundle is checked here, before anything refers to it. */
async function readBundle(
  { operations }: CharmParts,
  caller: Caller,
  storagePath: string,
  manifest: Manifest,
): Promise<NonNullable<CodeDefinition["bundle"]>> {
  const bundle = await operations.getUpload(caller, uploadIdOf(storagePath));
  const { files, contentSha256 } = await operations.inspectBundle(caller, bundle.sha256, ["charm.yaml"]);
  const text = files.get("charm.yaml");
  if (text === undefined) throw new RunyardError("bundle_invalid", "The bundle has no charm.yaml at its root.");
  const written = readManifestFile(text);
  requireSame("id", written.id ?? manifest.id, manifest.id);
  requireSame("persona.version", written.persona.version, manifest.persona.version);
  return { sha256: bundle.sha256, sizeBytes: bundle.sizeBytes, contentSha256 };
}

function requireSame(field: string, inBundle: string | null | undefined, registered: string | null | undefined): void {
  if (inBundle === registered) return;
  throw new RunyardError(
    "bundle_invalid",
    `The charm.yaml of the bundle has ${field} ${String(inBundle)}, but it is registered as ${String(registered)}.`,
  );
}

function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return slug === "" ? "agent" : slug;
}
