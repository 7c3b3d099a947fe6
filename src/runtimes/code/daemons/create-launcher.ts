import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../../contract/json.ts";
import type { CodeRuntime } from "../open-code-runtime.ts";
import { insidePaths, prepareProgram, type PreparedProgram } from "../prepare-program.ts";
import { programLimits } from "../program-limits.ts";
import { programNetwork } from "../program-network.ts";
import { operatorVariables } from "../workspace/operator-variables.ts";
import { programEnvironment } from "../workspace/program-environment.ts";
import type { DaemonLauncher, LaunchRequest, ServeSession } from "./daemons.ts";
import { givenFolder, insideGiven } from "./given-folder.ts";
import { openServeSession } from "./open-serve-session.ts";

/** A daemon lives for as long as it is wanted; what it may use besides goes by the same rules as for a run. */
const withoutEnd = { wallMs: undefined, cpuSeconds: 315_360_000, outputBytes: undefined } as const;

/** Brings up daemons in the sandbox: the version's bundle and dependencies, the user's volume, the runner in serve mode. */
export function createLauncher(runtime: CodeRuntime): DaemonLauncher {
  return {
    launch: (request) => launch(runtime, request),
    async removeVolume(key) {
      await runtime.workspaces.removeShared(key);
      await rm(givenFolder(runtime.parts.directory, key), { recursive: true, force: true });
    },
  };
}

async function launch(runtime: CodeRuntime, request: LaunchRequest): Promise<ServeSession> {
  const { parts, workspaces, runFolders } = runtime;
  const { key, agentVersionId, onStatus, signal } = request;
  const definition = await parts.readDefinition(key.organizationId, agentVersionId);
  using held = new DisposableStack();
  const prepared = held.use(await prepareProgram(runtime, definition, {}, { signal, onStatus }));
  const folder = held.use(await runFolders.make(`daemon-${randomUUID()}`, 1));
  const work = join(folder.path, "work");
  await parts.sandbox.makeWritable(work);
  const given = givenFolder(parts.directory, key);
  await rm(given, { recursive: true, force: true }); // of jobs that died
  await mkdir(given, { recursive: true, mode: 0o711 });
  const workspace = await workspaces.open({ ...key, threadId: null, lifecycle: "daemon" });
  const { variables } = programEnvironment({
    given: {},
    operator: operatorVariables(definition, parts.settings),
    own: {
      ...prepared.environment,
      PYTHONUNBUFFERED: "1",
      PYTHONIOENCODING: "utf-8",
      npm_config_loglevel: "silent",
      npm_config_update_notifier: "false",
      HOME: "/tmp",
      LANG: "C.UTF-8",
      TERM: "dumb",
      CHARM_USER_ID: key.userId,
      CHARM_WORKSPACE_DIR: workspace.target,
    },
  });
  const process = await parts.sandbox.start({
    command: prepared.adapter.family === "python" ? pythonCommand : nodeCommand,
    workingDirectory: insidePaths.work,
    environment: variables,
    mounts: [
      ...prepared.mounts,
      { source: work, target: insidePaths.work, access: "write" },
      { source: given, target: insideGiven, access: "read" },
      { source: workspace.source, target: workspace.target, access: "write" },
    ],
    limits: { ...programLimits(definition), ...withoutEnd },
    network: programNetwork(definition.network, parts.outbound),
    signal,
    stdin: "pipe",
  });
  const session = openServeSession(process, settingsOf(prepared));
  const leases = held.move();
  void session.exited.then(() => leases.dispose());
  return session;
}

function settingsOf(prepared: PreparedProgram): JsonObject {
  return {
    adapter: prepared.adapter.name,
    entryPoint: prepared.entryPoint ?? null,
    charm: false, // its command is made for one call a process
    copies: [insidePaths.bundle],
    paths: [...prepared.pythonPaths],
  };
}

/** See `run-program.ts` for the flags. */
const pythonCommand = ["python3", "-I", "-S", `${insidePaths.runner}/runner.py`, "--serve"];

/** The copies are the shell's; then it becomes the runner. */
const nodeCommand = [
  "/bin/sh",
  "-c",
  `cp -rp ${insidePaths.bundle}/. . && { [ ! -d ${insidePaths.nodeModules} ] || [ -e node_modules ] || ln -s ${insidePaths.nodeModules} node_modules; } && exec node ${insidePaths.runner}/runyard-serve.mjs`,
];
