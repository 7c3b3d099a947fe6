import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, exitCodes } from "./exit-code.ts";

/** Which server the command line talks to when nothing else says so. */
export interface Connection {
  url: string;
  apiKey?: string;
  /** The data directory of the server that wrote the file; absent when a person did. */
  dataDir?: string;
}

/** `<config dir>/runyard/cli.json`. */
export function connectionFilePath(environment: Readonly<Record<string, string | undefined>>): string {
  const given = environment.XDG_CONFIG_HOME;
  const directory = given === undefined || given === "" ? join(environment.HOME ?? homedir(), ".config") : given;
  return join(directory, "runyard", "cli.json");
}

/** @returns undefined when there is no file. @throws CommandError when it cannot be read or understood */
export function readConnection(path: string): Connection | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new CommandError(exitCodes.failure, `The connection file ${path} cannot be read.`, { cause });
  }
  const connection = parseConnection(text);
  if (connection !== undefined) return connection;
  throw new CommandError(exitCodes.failure, `The connection file ${path} is not what was expected.`, {
    hint: 'It holds {"url": "http://…", "apiKey": "…"}. Correct or delete it.',
  });
}

/** By hand rather than by a schema: every command reads this file, and the schema library takes 30 ms to load. */
function parseConnection(text: string): Connection | undefined {
  let value: Partial<Record<keyof Connection, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== "object") return undefined;
  const { url, apiKey, dataDir } = value;
  if (typeof url !== "string") return undefined;
  if (apiKey !== undefined && typeof apiKey !== "string") return undefined;
  if (dataDir !== undefined && typeof dataDir !== "string") return undefined;
  return { url, apiKey, dataDir };
}

/**
 * Remembers a server for later commands, readable by the owner only. A file that points to another server, or that a
 * person wrote, is left as it is. A key that is not known this time stays what it was.
 *
 * @returns whether the file now points to this server
 */
export function rememberServer(path: string, server: { url: string; apiKey?: string; dataDir: string }): boolean {
  const before = readConnection(path);
  if (before !== undefined && before.dataDir !== server.dataDir) return false;
  const apiKey = server.apiKey ?? before?.apiKey;
  if (apiKey === undefined) return false;
  if (before?.url === server.url && before.apiKey === apiKey) return true;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Written beside and renamed, so that a reader never sees half a file; the mode of a file that exists is not changed
  // by writing to it.
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify({ ...server, apiKey }, null, 2)}\n`, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, path);
  return true;
}
