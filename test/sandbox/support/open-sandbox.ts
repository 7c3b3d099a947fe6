import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createSandbox } from "../../../src/sandbox/create-sandbox.ts";
import type { Sandbox, SandboxExit, SandboxLimits, SandboxOptions } from "../../../src/sandbox/sandbox.ts";

export const limits: SandboxLimits = {
  wallMs: 20_000,
  cpuSeconds: 20,
  memoryBytes: 256 << 20,
  processes: 64,
  openFiles: 128,
  diskBytes: 32 << 20,
  outputBytes: 1 << 20,
};

export interface OpenSandbox extends AsyncDisposable {
  sandbox: Sandbox;
  folder: string;
  /** A writable folder, mounted at `/workspace`. */
  workspace: string;
  /** Options of a program that works in it. */
  options(command: readonly string[], more?: Partial<SandboxOptions>): SandboxOptions;
  /** Runs a program to its end. */
  run(
    command: readonly string[],
    more?: Partial<SandboxOptions>,
  ): Promise<{ printed: string; complaint: string; exit: SandboxExit }>;
}

/** A sandbox with a folder of its own, as a server has it. */
export async function openSandbox(): Promise<OpenSandbox> {
  const folder = await mkdtemp(join(tmpdir(), "runyard-sandbox-"));
  const sandbox = await createSandbox({ folder });
  if (sandbox.problem !== undefined) throw new Error(sandbox.problem);
  const workspace = join(folder, "workspaces/own");
  await sandbox.makeWritable(workspace);
  const options = (command: readonly string[], more: Partial<SandboxOptions> = {}): SandboxOptions => ({
    command,
    workingDirectory: "/workspace",
    environment: {},
    mounts: [{ source: workspace, target: "/workspace", access: "write" }],
    limits,
    ...more,
  });
  return {
    sandbox,
    folder,
    workspace,
    options,
    async run(command, more) {
      const program = await sandbox.start(options(command, more));
      const [printed, complaint, exit] = await Promise.all([
        text(program.stdout),
        text(program.stderr),
        program.exited,
      ]);
      return { printed, complaint, exit };
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
