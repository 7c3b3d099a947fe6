import { z } from "zod";
import { type Answer, bodyOf, type CharmApi, readAnswer } from "./charm-api.ts";
import { manifestOf, projectBundle, type TestManifest } from "./bundle.ts";

const tokenSchema = z.object({ upload_url: z.url(), storage_path: z.string() });

/** Uploads these bytes like the command line does. @returns their storage path */
export async function upload(api: CharmApi, bytes: Uint8Array): Promise<string> {
  const { upload_url, storage_path } = await openUpload(api);
  const answer = await putBundle(api, upload_url, bytes);
  if (answer.status !== 204) throw new Error(`no upload: ${answer.status} ${answer.text}`);
  return storage_path;
}

export async function openUpload(api: CharmApi): Promise<z.infer<typeof tokenSchema>> {
  const wanted = { agent_name: "Probe Agent", version: "1.0.0" };
  return bodyOf(await api.post("/charm/api/v1/agents/upload-token", wanted), 200, tokenSchema);
}

/** Without a key: the address is the authority. */
export async function putBundle(
  api: CharmApi,
  url: string,
  bytes: Uint8Array,
  type = "application/gzip",
): Promise<Answer> {
  const body = new Uint8Array(bytes);
  return readAnswer(
    await fetch(url.replace(/^https?:\/\/[^/]+/, api.url), { method: "PUT", headers: { "content-type": type }, body }),
  );
}

export function register(api: CharmApi, uac: object, storagePath?: string): Promise<Answer> {
  return api.post("/charm/api/v1/agents", {
    metadata: { uac, repo: { url: "", branch: "main", commit: "unknown" } },
    ...(storagePath !== undefined && { storage_path: storagePath }),
  });
}

/** Pushes a project as the command line does. */
export async function push(
  api: CharmApi,
  manifest: TestManifest = manifestOf(),
  source?: string,
): Promise<{ manifest: TestManifest; answer: Answer }> {
  const answer = await register(api, manifest, await upload(api, await projectBundle(manifest, source)));
  return { manifest, answer };
}
