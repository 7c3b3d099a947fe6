import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RunyardError } from "../../contract/errors.ts";
import type { LocalModelEntry } from "./catalogue.ts";

/**
 * What is kept beside a model file as `<file>.json`. For a hub file `sha256` is what the hub said at download time; the
 * file was checked against it then.
 */
export const manifestSchema = z.object({
  name: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  /** Of the file when it was checked; a file with another time or size is checked again. */
  modifiedAtMs: z.number(),
});
export type ModelManifest = z.infer<typeof manifestSchema>;

export function modelsFolder(dataDir: string): string {
  return join(dataDir, "models");
}

export function modelPath(entry: LocalModelEntry, dataDir: string): string {
  return join(modelsFolder(dataDir), entry.file);
}

/**
 * The path of the model's file when it is there and right, else undefined. Reads the whole file only the first time:
 * after that the manifest vouches for an unchanged one.
 */
export async function findVerifiedFile(entry: LocalModelEntry, dataDir: string): Promise<string | undefined> {
  const path = modelPath(entry, dataDir);
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) return undefined;
  const manifest = await readManifest(path);
  const expected = entry.sha256 ?? manifest?.sha256;
  if (expected === undefined) return undefined;
  if (manifest?.sha256 === expected && manifest.bytes === file.size && manifest.modifiedAtMs === file.mtimeMs) {
    return path;
  }
  if ((await hashFile(path)) !== expected) return undefined;
  await writeManifest(entry, path, expected);
  return path;
}

/**
 * Checks a finished download and puts it in its place in one move.
 * @throws RunyardError `model_unavailable` (retryable) when the hash differs; the download is deleted then
 */
export async function acceptDownload(
  entry: LocalModelEntry,
  dataDir: string,
  download: { path: string; sha256: string; signal: AbortSignal },
): Promise<string> {
  const actual = await hashFile(download.path, download.signal);
  if (actual !== download.sha256) {
    await rm(download.path, { force: true });
    throw new RunyardError(
      "model_unavailable",
      `The file downloaded for ${entry.name} has sha256 ${actual}, expected ${download.sha256}. It was deleted; pull the ` +
        "model again, and if that happens twice, ask whoever runs the index or hub that served it.",
    );
  }
  const path = modelPath(entry, dataDir);
  await mkdir(modelsFolder(dataDir), { recursive: true });
  await rename(download.path, path);
  await writeManifest(entry, path, actual);
  return path;
}

export function manifestPath(path: string): string {
  return `${path}.json`;
}

async function readManifest(path: string): Promise<ModelManifest | undefined> {
  const text = await readFile(manifestPath(path), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    // A damaged manifest vouches for nothing; the file itself is then hashed or pulled again.
    return undefined;
  }
}

async function writeManifest(entry: LocalModelEntry, path: string, sha256: string): Promise<void> {
  const file = await stat(path);
  const manifest: ModelManifest = { name: entry.name, sha256, bytes: file.size, modifiedAtMs: file.mtimeMs };
  await writeFile(manifestPath(path), `${JSON.stringify(manifest)}\n`);
}

async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest("hex");
}
