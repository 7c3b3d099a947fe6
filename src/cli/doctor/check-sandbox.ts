import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox } from "../../sandbox/create-sandbox.ts";
import { absent, type Finding, found } from "./check.ts";
import { firstLineOf } from "./run-program.ts";

/**
 * Runs a program in a sandbox of its own and says what holds programs to their limits.
 * @param searchPath `PATH` of who asks; undefined: the usual folders
 */
export async function checkSandbox(searchPath: string | undefined): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), "runyard-doctor-"));
  try {
    await using sandbox = await createSandbox({ folder, searchPath });
    if (sandbox.problem !== undefined) {
      return absent("sandbox", "code agents refuse to run without it", sandbox.problem);
    }
    const version = (await firstLineOf("bwrap", ["--version"])) ?? "bubblewrap";
    const limits = {
      "cgroup-v1": "limits by cgroups (version 1)",
      "cgroup-v2": "limits by cgroups (version 2)",
      rlimits: "limits by rlimits (this user may not divide cgroups; a program's memory is watched, not reserved)",
    }[sandbox.limitsBy];
    const tools = sandbox.tools.map(({ name, source }) => (source === undefined ? `no ${name}` : name)).join(", ");
    return found("sandbox", `${version}, ${limits}; ${tools}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
