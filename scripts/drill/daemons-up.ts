import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { folderName } from "../../src/runtimes/code/workspace/folder-name.ts";
import { openReader } from "../../test/support/invariants/reader.ts";
import { findSandboxProcesses } from "../../test/support/sandbox-processes.ts";

const daemonSchema = z.object({
  organization_id: z.string(),
  agent_id: z.string(),
  user_id: z.string(),
  state: z.string(),
  last_error: z.string().nullable(),
});

/**
 * Waits until each daemon that is wanted has a process, with its volume mounted in it.
 * @param folder name of the folder that holds the server's data; see `findSandboxProcesses`
 * @returns those that have none when the time is over, in words
 */
export async function findMissingDaemons(database: string, folder: string, withinMs: number): Promise<string[]> {
  const until = performance.now() + withinMs;
  for (;;) {
    const missing = await findMissing(database, folder);
    if (missing.length === 0 || performance.now() > until) return missing;
    await pause(100);
  }
}

async function findMissing(database: string, folder: string): Promise<string[]> {
  await using reader = await openReader(database);
  const rows = await reader.rows("select * from daemon where wanted = 'running' and state <> 'suspended'");
  const running = findSandboxProcesses(folder).filter(({ isLauncher }) => !isLauncher);
  return rows
    .map((row) => daemonSchema.parse(row))
    .flatMap(({ organization_id, agent_id, user_id, state, last_error }) => {
      const volume = [organization_id, agent_id, user_id].map(folderName).join("/");
      if (running.some(({ mounts }) => mounts.includes(`/workspaces/${volume}/daemon_shared `))) return [];
      return [
        `I10 the daemon of agent ${agent_id} is wanted and has no process: ${state}, ${last_error ?? "no error"}`,
      ];
    });
}
