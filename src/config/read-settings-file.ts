import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { SettingsError } from "./settings-error.ts";

const contentSchema = z.record(z.string(), z.unknown());
export type SettingsFileContent = z.infer<typeof contentSchema>;

const defaultNames = ["runyard.yaml", "runyard.yml", "runyard.json"];

export interface SettingsFile {
  path: string;
  content: SettingsFileContent;
}

/**
 * Reads the settings file: the one that was named, else the first of `runyard.yaml`, `runyard.yml`, `runyard.json` in
 * `directory` that is there.
 *
 * @returns undefined when none was named and none is there
 * @throws SettingsError when the named one cannot be read, or the content is no map of settings
 */
export async function readSettingsFile(
  named: string | undefined,
  directory: string,
): Promise<SettingsFile | undefined> {
  for (const name of named === undefined ? defaultNames : [named]) {
    const path = resolve(directory, name);
    const text = readIfThere(path, named !== undefined);
    if (text !== undefined) return { path, content: await parseContent(path, text) };
  }
  return undefined;
}

function readIfThere(path: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT" && !mustExist) return undefined;
    throw new SettingsError([{ name: path, message: `the settings file cannot be read (${code})` }]);
  }
}

async function parseContent(path: string, text: string): Promise<SettingsFileContent> {
  // The parsers quote the text around a mistake, which may be a secret: only the place goes into the error.
  const { LineCounter, parseDocument } = await import("yaml"); // 30 ms, so only when there is a file; reads JSON as well
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const mistake = document.errors[0];
  if (mistake !== undefined) {
    const { line, col } = lineCounter.linePos(mistake.pos[0]);
    throw new SettingsError([{ name: path, message: `no valid YAML or JSON at line ${line}, column ${col}` }]);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value === null) return {};
  const content = contentSchema.safeParse(value);
  if (content.success) return content.data;
  throw new SettingsError([{ name: path, message: "expected a map of settings at the top" }]);
}
