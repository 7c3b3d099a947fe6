import { RunyardError } from "../contract/errors.ts";
import type { DaemonSupervision } from "./parts.ts";

/** Dependencies may take minutes to install; a caller is answered before that. */
const patienceMs = 30_000;

/**
 * Waits for a daemon to be up, but no longer than a caller does. One that takes longer goes on by itself.
 * @throws what kept it from coming up in that time
 */
export async function upInTime(up: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
  try {
    await Promise.race([up, enough]);
  } finally {
    clearTimeout(timer);
    up.catch(() => {}); // noted on the daemon by its supervisor
  }
}

/** @throws `sandbox_unavailable` */
export async function refuseWithoutSandbox(daemons: DaemonSupervision): Promise<void> {
  const problem = await daemons.findProblem();
  if (problem !== undefined) throw new RunyardError("sandbox_unavailable", problem);
}
