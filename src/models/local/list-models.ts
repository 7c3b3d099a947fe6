import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { catalogue, findLocalModel, type LocalModelEntry } from "./catalogue.ts";
import { manifestSchema, modelPath, modelsFolder } from "./model-file.ts";

/** A model of the catalogue or one that was pulled by its hub name, and whether it is on this machine. */
export interface ListedModel {
  name: string;
  license: string | undefined;
  quality: string;
  /** Size of the file here, else what the catalogue says; 0 when nobody knows. */
  bytes: number;
  /** Where the file lies; undefined when it has to be pulled first. */
  path: string | undefined;
}

/** Every model of the catalogue in its order, then what else was pulled. Reads no model file, only its size. */
export async function listModels(options: { dataDir: string }): Promise<ListedModel[]> {
  const entries = [...catalogue, ...(await pulledByHubName(options.dataDir))];
  return Promise.all(entries.map((entry) => describe(entry, options.dataDir)));
}

async function describe(entry: LocalModelEntry, dataDir: string): Promise<ListedModel> {
  const path = modelPath(entry, dataDir);
  const file = await stat(path).catch(() => undefined);
  return {
    name: entry.name,
    license: entry.license,
    quality: entry.quality,
    bytes: file?.size ?? entry.bytes,
    path: file === undefined ? undefined : path,
  };
}

async function pulledByHubName(dataDir: string): Promise<LocalModelEntry[]> {
  const folder = modelsFolder(dataDir);
  const files = await readdir(folder).catch(() => []);
  const entries: LocalModelEntry[] = [];
  for (const file of files.filter((name) => name.endsWith(".gguf.json")).sort()) {
    const manifest = manifestSchema.safeParse(parseOrNothing(await readFile(join(folder, file), "utf8")));
    if (manifest.success && manifest.data.name.startsWith("local/hf:")) {
      entries.push(findLocalModel(manifest.data.name));
    }
  }
  return entries;
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
