import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import { findSandboxProcesses, findSurvivors } from "./sandbox-processes.ts";

it("finds a program by the folder that it was given, until it is dead", async () => {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "runyard-survivors-"));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const sandbox = owned.use(await createSandbox({ folder }));
  const workspace = join(folder, "workspace");
  await sandbox.makeWritable(workspace);
  const program = await sandbox.start({
    command: ["sh", "-c", "echo here; sleep 600"],
    workingDirectory: "/workspace",
    environment: {},
    mounts: [{ source: workspace, target: "/workspace", access: "write" }],
    limits: {
      wallMs: 60_000,
      cpuSeconds: 10,
      memoryBytes: 2 ** 27,
      processes: 8,
      openFiles: 64,
      diskBytes: 2 ** 20,
      outputBytes: 2 ** 16,
    },
  });
  await new Promise((resolve) => program.stdout.once("data", resolve));
  const found = findSandboxProcesses(basename(folder));
  expect(found.some(({ command, isLauncher }) => !isLauncher && command.includes("sleep 600"))).toBe(true);
  expect(found.some(({ isLauncher }) => isLauncher)).toBe(true);
  expect(await findSurvivors(basename(folder), 0)).not.toEqual([]);
  program.kill();
  await program.exited;
  expect(await findSurvivors(basename(folder))).toEqual([]);
});
