import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox } from "../../sandbox/sandbox.ts";

const script = `
import os, py_compile, sys
for name in os.listdir("/opt/runner"):
    if name.endswith(".py"):
        py_compile.compile("/opt/runner/" + name, "/out/" + name + "c", doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`;

/**
 * Compiles our runner for the sandbox's Python, beside its sources: Python keeps no compiled form of the file that it is
 * started with, and compiling takes as long as starting it.
 *
 * @returns the name of the file to start: the source, when it could not be compiled
 */
export async function compileRunner(sandbox: Sandbox, runner: string): Promise<string> {
  const draft = `${runner}-compiled`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await sandbox.makeWritable(draft);
    const process = await sandbox.start({
      command: ["python3", "-I", "-S", "-c", script],
      workingDirectory: "/out",
      environment: {},
      mounts: [
        { source: runner, target: "/opt/runner", access: "read" },
        { source: draft, target: "/out", access: "write" },
      ],
      limits: {
        wallMs: 30_000,
        cpuSeconds: 30,
        memoryBytes: 256 * 1024 * 1024,
        processes: 16,
        openFiles: 64,
        diskBytes: 16 * 1024 * 1024,
        outputBytes: 64 * 1024,
      },
    });
    process.stdout.resume();
    process.stderr.resume();
    const { exitCode } = await process.exited;
    if (exitCode !== 0) return "runner.py";
    // None but our own code has run in the folder.
    for (const name of await readdir(draft)) await copyFile(join(draft, name), join(runner, name));
    await sandbox.makeReadable(runner);
    return "runner.pyc";
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
