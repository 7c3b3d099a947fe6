import { join } from "node:path";
import type { DaemonKey } from "../../../contract/daemon.ts";
import { folderName } from "../workspace/folder-name.ts";

/** Where a daemon finds what its jobs bring along, for reading alone; each job has a folder in it. */
export const insideGiven = "/opt/given";

/** The same folder on this machine: it stays the server's, so that nothing in it can lead the server astray. */
export function givenFolder(directory: string, { organizationId, agentId, userId }: DaemonKey): string {
  return join(directory, "daemons", folderName(organizationId), folderName(agentId), folderName(userId));
}
