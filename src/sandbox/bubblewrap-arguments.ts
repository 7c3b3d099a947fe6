import { RunyardError } from "../contract/errors.ts";
import type { SandboxOptions } from "./sandbox.ts";
import { insideUid } from "./system-files.ts";

/** Descriptors that the launcher is started with, besides the three standard ones. */
export const descriptors = { arguments: 3, status: 4, filter: 5, hand: 6 } as const;

export interface CommonArguments {
  /** Mounts of the system and the tools. */
  system: readonly string[];
  /** Whether a system-call filter comes on its descriptor. */
  filtered: boolean;
  /** Where a path of the machine is for the launcher. */
  locate(path: string): string;
}

/**
 * All that bubblewrap is told but the command, ended by NULs each. It goes over a descriptor: a command line would be seen in
 * `/proc/1/cmdline` inside and by every user outside.
 * @throws RunyardError `invalid_field_value` for a text with a NUL in it, which would be read as more arguments
 */
export function bubblewrapArguments(
  common: CommonArguments,
  options: Pick<SandboxOptions, "workingDirectory" | "environment" | "mounts" | "limits">,
): string {
  const size = String(options.limits.diskBytes);
  const list = [
    ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"],
    ["--uid", String(insideUid), "--gid", String(insideUid), "--hostname", "sandbox"],
    ["--json-status-fd", String(descriptors.status)],
    common.filtered ? ["--seccomp", String(descriptors.filter)] : [],
    ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ["--size", size, "--perms", "1777", "--tmpfs", "/tmp"],
    common.system,
    ...options.mounts.map(({ source, target, access }) => [
      access === "write" ? "--bind" : "--ro-bind",
      common.locate(source),
      absolute(target),
    ]),
    ["--remount-ro", "/", "--chdir", absolute(options.workingDirectory), "--clearenv"],
    ...Object.entries(options.environment).map(([name, value]) => ["--setenv", variable(name), value]),
  ].flat();
  const text = list.join("\0");
  if (text.split("\0").length !== list.length) {
    throw new RunyardError("invalid_field_value", "A path or variable of a program holds a NUL character.");
  }
  return `${text}\0`;
}

function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  throw new RunyardError("invalid_field_value", `Expected an absolute path inside the sandbox, got "${path}".`);
}

function variable(name: string): string {
  if (name !== "" && !name.includes("=")) return name;
  throw new RunyardError("invalid_field_value", `Expected the name of an environment variable, got "${name}".`);
}
