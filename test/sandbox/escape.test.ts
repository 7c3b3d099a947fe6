import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import type { Sandbox, SandboxLimits } from "../../src/sandbox/sandbox.ts";
import { prelude, type Probe, probes } from "./support/probes.ts";
import { addSetUserId, makeTargets, makeWorkspace, type Targets } from "./support/targets.ts";

const limits: SandboxLimits = {
  wallMs: 20_000,
  cpuSeconds: 10,
  memoryBytes: 192 << 20,
  processes: 64,
  openFiles: 128,
  diskBytes: 16 << 20,
  outputBytes: 1 << 20,
};
const isRoot = process.getuid?.() === 0;
const applicable = probes.filter(({ root }) => root === undefined || isRoot);

let targets: Targets;
let sandbox: Sandbox;
let escapedCount = 0;
let worksCount = 0;

beforeAll(async () => {
  targets = await makeTargets();
  sandbox = await createSandbox({ folder: targets.folder });
  expect(sandbox.problem).toBeUndefined();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await targets[Symbol.asyncDispose]();
  process.stdout.write(
    `escape suite: ${applicable.length} probes, ${escapedCount} escaped, ${worksCount} work without the sandbox\n`,
  );
});

test("there are at least 60 probes", () => {
  expect(probes.length).toBeGreaterThanOrEqual(60);
  expect(new Set(probes.map(({ name }) => name)).size).toBe(probes.length);
});

describe("a sandboxed program cannot", () => {
  test.each(applicable.map((probe, index) => ({ probe, index, name: probe.name })))(
    "$name",
    async ({ probe, index }) => {
      const [inside, bare] = await Promise.all([runInside(probe, `${index}-inside`), runBare(probe, `${index}-bare`)]);
      if (inside.includes("ESCAPED")) escapedCount += 1;
      if (bare.includes("ESCAPED")) worksCount += 1;
      expect({ inside, bare }).toEqual({
        inside: expect.not.stringContaining("ESCAPED"),
        bare: expect.stringContaining("ESCAPED"),
      });
    },
  );
});

function commandOf(probe: Probe, python: string): [string, ...string[]] {
  return probe.language === "sh" ? ["sh", "-c", probe.script] : [python, "-c", prelude + probe.script];
}

async function runInside(probe: Probe, name: string): Promise<string> {
  const workspace = await makeWorkspace(targets.folder, name);
  await sandbox.makeWritable(workspace);
  await addSetUserId(workspace);
  const readonly = targets.variables["READONLY"] ?? "";
  const program = await sandbox.start({
    command: commandOf(probe, "python3"),
    workingDirectory: workspace,
    // The same paths as outside, so that what is missing is missing because it is not mounted.
    environment: targets.variables,
    mounts: [
      { source: workspace, target: workspace, access: "write" },
      { source: readonly, target: readonly, access: "read" },
    ],
    limits: { ...limits, ...probe.limits },
  });
  const [printed] = await Promise.all([text(program.stdout), text(program.stderr), program.exited]);
  return printed.slice(-200);
}

async function runBare(probe: Probe, name: string): Promise<string> {
  const workspace = await makeWorkspace(targets.folder, name);
  if (isRoot) await addSetUserId(workspace);
  const python = sandbox.tools.find((tool) => tool.name === "python3")?.source ?? "python3";
  const folder = openSync(targets.data, "r");
  const child = spawn("/usr/bin/env", [...prefix(probe, python), ...commandOf(probe, python)], {
    cwd: workspace,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", RUNYARD_PROBE_SECRET: "1", ...targets.variables },
    stdio: ["ignore", "pipe", "pipe", probe.bare === "with-descriptor" ? folder : "ignore"],
    // Its clean-up, and a probe's mistakes, stay its own.
    detached: true,
  });
  closeSync(folder);
  const exited = once(child, "exit");
  const [printed, errors] = await Promise.all([text(child.stdout ?? empty()), text(child.stderr ?? empty()), exited]);
  return `${printed.slice(-200)}${errors.slice(-300)}`;
}

/** How the bare run gets what the probe aims at: a network with the metadata address, or a user who is not root. */
function prefix(probe: Probe, python: string): string[] {
  if (probe.bare === "unprivileged") return ["setpriv", "--reuid=61184", "--regid=61184", "--clear-groups", "--"];
  if (probe.bare !== "own-network") return [];
  const server = "import socket as s;l=s.create_server(('169.254.169.254',8080));print('ready',flush=True);l.accept()";
  const script = `ip link set lo up && ip addr add 169.254.169.254/32 dev lo
mkfifo ready; "$1" -c "$2" >ready & read -r _ <ready; shift 2; "$@"`;
  return ["unshare", "--net", "sh", "-c", script, "sh", python, server];
}

async function* empty(): AsyncGenerator<Uint8Array> {}
