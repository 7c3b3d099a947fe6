import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";
import type { Sandbox, SandboxExit, SandboxLimits } from "../../../sandbox/sandbox.ts";
import type { CodeParts } from "../code-parts.ts";
import type { Registry } from "./find-registries.ts";
import { InstallerOutput } from "./installer-output.ts";
import { registryNetwork } from "./registry-hosts.ts";

export interface InstallerParts {
  sandbox: Pick<Sandbox, "start" | "makeWritable" | "makeReadable" | "tools">;
  outbound: Pick<CodeParts["outbound"], "connect">;
}

export interface Installation {
  /** As a person calls it: `pip`. */
  installer: string;
  /** Where the wish comes from. */
  manifest: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  registry: Registry;
  /** On this machine; shows the authorities to trust. */
  certificateFile: string;
  /** The folder that the installation happens in, with `project/` in it; what it makes is found there. */
  draft: string;
  signal: AbortSignal;
  onProgress(text: string): void;
}

/** Where things are inside. */
export const installFolder = "/install";
export const certificatePath = "/opt/registry/certificates.pem";

const minuteMs = 60_000;
const mebibyte = 1024 * 1024;
const limits: SandboxLimits = {
  wallMs: 10 * minuteMs,
  cpuSeconds: 20 * 60,
  memoryBytes: 2048 * mebibyte,
  processes: 256,
  openFiles: 4096,
  diskBytes: 4096 * mebibyte,
  outputBytes: 64 * mebibyte,
};

/**
 * Runs an installer in the sandbox, with the draft as the only folder it may write and the registries as the only network.
 * @throws `preparation_failed` with what failed and the last lines; the signal's reason
 */
export async function runInstaller(parts: InstallerParts, installation: Installation): Promise<void> {
  const { draft, signal, registry } = installation;
  const refused = new Set<string>();
  await parts.sandbox.makeWritable(draft);
  const process = await parts.sandbox.start({
    command: installation.command,
    workingDirectory: `${installFolder}/project`,
    environment: {
      HOME: `${installFolder}/home`,
      TMPDIR: `${installFolder}/tmp`,
      LANG: "C.UTF-8",
      SSL_CERT_FILE: certificatePath,
      NODE_EXTRA_CA_CERTS: certificatePath,
      ...installation.environment,
    },
    mounts: [
      { source: draft, target: installFolder, access: "write" },
      { source: installation.certificateFile, target: certificatePath, access: "read" },
    ],
    limits,
    network: registryNetwork(parts.outbound, registry.hosts, refused),
    signal,
  });
  const output = new InstallerOutput((text) => installation.onProgress(text));
  const reading = Promise.allSettled([output.read(process.stdout), output.read(process.stderr)]);
  const exit = await process.exited;
  await reading;
  signal.throwIfAborted();
  if (exit.reason === "exited" && exit.exitCode === 0) return;
  throw new RunyardError("preparation_failed", describeFailure(installation, exit, refused, output.tail));
}

/**
 * Keeps one folder of what an installation made, and removes the rest. Programs could put links in its place that would
 * lead whoever mounts it anywhere: only real folders count, and nothing writes there any more.
 *
 * @param path below the draft
 * @param name what it is called in the draft afterwards; an empty folder when nothing was made
 */
export async function keepResult(draft: string, path: readonly string[], name: string): Promise<string | undefined> {
  let at = draft;
  for (const segment of path) {
    at = join(at, segment);
    const found = await lstat(at).catch(() => undefined);
    if (found === undefined) return undefined;
    if (!found.isDirectory()) {
      throw new RunyardError("preparation_failed", `The installation made ${segment} something else than a folder.`);
    }
  }
  const result = join(draft, name);
  if (at !== result) {
    await rm(result, { recursive: true, force: true });
    await rename(at, result);
  }
  for (const other of await readdir(draft)) {
    if (other !== name) await rm(join(draft, other), { recursive: true, force: true });
  }
  return result;
}

function describeFailure(
  { installer, manifest }: Installation,
  exit: SandboxExit,
  refused: ReadonlySet<string>,
  tail: string,
): string {
  const lines = [`${installer} could not install what ${manifest} asks for: ${describeExit(exit)}.`];
  if (refused.size > 0) {
    const hosts = [...refused].slice(0, 5).join(", ");
    lines.push(`It wanted to reach ${hosts}, which is no package registry of this server; its operator can allow it.`);
  }
  return tail === "" ? lines.join("\n") : [...lines, tail].join("\n");
}

function describeExit(exit: SandboxExit): string {
  if (exit.reason === "exited") return `exit code ${exit.exitCode}`;
  if (exit.reason === "timed-out") return `it took longer than ${(limits.wallMs ?? 0) / minuteMs} minutes`;
  return (exit.message ?? exit.reason).replace(/\.$/, "");
}
