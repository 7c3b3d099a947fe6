import { rm, stat } from "node:fs/promises";
import { findLocalModel } from "./catalogue.ts";
import { manifestPath, modelPath } from "./model-file.ts";

/**
 * Deletes a model's file and what an unfinished pull left of it. A process that has it loaded goes on with it.
 * @returns how many bytes that freed; 0 when it was not here
 * @throws RunyardError `invalid_field_value` for an unknown name
 */
export async function removeModel(name: string, options: { dataDir: string }): Promise<number> {
  const path = modelPath(findLocalModel(name), options.dataDir);
  let freedBytes = 0;
  for (const file of [path, manifestPath(path), `${path}.part`, manifestPath(`${path}.part`)]) {
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) continue;
    freedBytes += found.size;
    await rm(file, { force: true });
  }
  return freedBytes;
}
