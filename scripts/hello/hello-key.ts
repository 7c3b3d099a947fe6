import { join, resolve } from "node:path";
import { connectionFilePath, readConnection, rememberServer } from "../../src/cli/connection-file.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

export interface HelloKey {
  apiKey: string;
  /** Whether the command line finds this server by itself. */
  isRemembered: boolean;
  /** The file that holds it; undefined when the caller has set it. */
  path: string | undefined;
}

/**
 * The API key of the server that has just started: the one that was set, the one it has just made, or the one that an
 * earlier start left in its data directory or in the command line's connection file. Keeps it for the next time.
 *
 * @throws when the data directory was made by a start whose key was not kept
 */
export function findHelloKey(
  server: { url: string; firstKey?: string },
  settings: { dataDir: string; apiKey?: string },
  environment: Terminal["environment"],
): HelloKey {
  const dataDir = resolve(settings.dataDir);
  const ownPath = join(dataDir, "hello.json");
  const sharedPath = connectionFilePath(environment);
  const shared = readConnection(sharedPath);
  const sharedKey = shared?.dataDir === dataDir ? shared.apiKey : undefined;
  const apiKey = settings.apiKey ?? server.firstKey ?? readConnection(ownPath)?.apiKey ?? sharedKey;
  if (apiKey === undefined) {
    throw new Error(
      `${dataDir} was made by an earlier start, and its API key was shown only then. Set RUNYARD_API_KEY to it, or take ` +
        "another directory: RUNYARD_DATA_DIR=.runyard-hello npm run hello",
    );
  }
  // A key that was set by the caller stays where the caller keeps it.
  if (settings.apiKey !== undefined) return { apiKey, isRemembered: false, path: undefined };
  const known = { url: server.url, apiKey, dataDir };
  rememberServer(ownPath, known);
  return { apiKey, isRemembered: rememberServer(sharedPath, known), path: ownPath };
}
