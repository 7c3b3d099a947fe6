import { AuthenticationError, PermissionError, Runyard } from "../../../client/src/index.ts";
import { type Connection } from "../connection-file.ts";
import { absent, type Finding, found } from "./check.ts";

/** Whether a server answers where the command line would look for one, and takes its key. */
export async function checkServer(connection: Connection): Promise<Finding[]> {
  const client = new Runyard({ ...connection, maxRetries: 0 });
  try {
    if (!(await client.isReady())) {
      return [absent("server", `${connection.url} is starting or draining`, "Wait a moment and ask again.")];
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [absent("server", reason, "Start one with `runyard serve`, or set RUNYARD_URL.")];
  }
  const server = found("server", `${connection.url} is ready`);
  if (connection.apiKey === undefined) {
    return [server, absent("API key", "none", "Set RUNYARD_API_KEY to a key of that server.")];
  }
  const shown = `${connection.apiKey.slice(0, 16)}…`;
  try {
    await client.agents.list({ limit: 1 });
    return [server, found("API key", `${shown} is valid`)];
  } catch (error) {
    if (error instanceof PermissionError) return [server, found("API key", `${shown} is valid, without agents:read`)];
    const reason = error instanceof Error ? error.message : String(error);
    const remedy =
      error instanceof AuthenticationError
        ? "Set RUNYARD_API_KEY to a key of that server."
        : "Look at the server's log.";
    return [server, absent("API key", `${shown}: ${reason}`, remedy)];
  }
}
