import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CodeDefinition } from "../../contract/agent.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Ctx, StepContext } from "../../engine/program.ts";
import type { SandboxedProcess, SandboxExit, SandboxMount } from "../../sandbox/sandbox.ts";
import { starting } from "./begun-run.ts";
import type { CodeInput } from "./code-parts.ts";
import { concludeRun } from "./conclude-run.ts";
import { keepArtefacts } from "./keep-artefacts.ts";
import type { CodeRuntime } from "./open-code-runtime.ts";
import { insidePaths, type PreparedProgram } from "./prepare-program.ts";
import { programEnd } from "./program-end.ts";
import { programLimits } from "./program-limits.ts";
import { programNetwork } from "./program-network.ts";
import { createRedactor } from "./protocol/redact.ts";
import { RunOutput } from "./run-output.ts";
import { fetchFiles } from "./workspace/fetch-files.ts";
import { dotenvText } from "./workspace/program-environment.ts";
import { historyFile, runEnvironment } from "./workspace/run-environment.ts";
import type { RunFolder } from "./workspace/run-folders.ts";
import { runInput } from "./workspace/run-input.ts";

export interface ProgramRun {
  ctx: Ctx;
  step: StepContext;
  input: CodeInput;
  definition: CodeDefinition;
  runtime: CodeRuntime;
  prepared: PreparedProgram;
}

/**
 * Runs the program once and shows what it does as it comes. Ask `refuseInterrupted` first.
 *
 * @returns the execution's output
 * @throws RunyardError `program_failed`, `program_timeout`, `program_limit`, `preparation_failed`,
 *   `sandbox_unavailable`; the signal's reason, once the whole tree is dead
 */
export async function runProgram(run: ProgramRun): Promise<Json> {
  const { ctx, step, definition, runtime, prepared } = run;
  const place = await findPlace(run);
  const redactor = createRedactor(place.secrets);
  using folder = await runtime.runFolders.make(ctx.executionId, ctx.attempt);
  const work = join(folder.path, "work");
  const given = join(folder.path, "given");
  const mounts = [...prepared.mounts, ...place.mounts(folder)];
  try {
    await fillFolders(run, place, { work, given });
  } catch (error) {
    throw error instanceof RunyardError
      ? new RunyardError(error.code, redactor.text(error.message), { cause: error })
      : error;
  }
  for (const workspace of place.ephemeral(folder)) await runtime.parts.sandbox.makeWritable(workspace);
  for (const text of place.notes) step.emit({ type: "status-noted", body: { text } });
  step.emit(starting);
  await step.flush();

  const { family } = prepared.adapter;
  const isPython = family === "python";
  const process = await runtime.parts.sandbox.start({
    command: isPython ? prepared.runnerCommand : nodeCommand(prepared.entryPoint ?? "", place.givesFiles),
    workingDirectory: insidePaths.work,
    environment: place.environment,
    mounts: [
      ...mounts,
      { source: work, target: insidePaths.work, access: "write" },
      ...(place.givesFiles ? [{ source: given, target: insidePaths.given, access: "read" as const }] : []),
    ],
    limits: programLimits(definition),
    network: programNetwork(definition.network, runtime.parts.outbound),
    signal: step.signal,
    stdin: isPython ? "pipe" : "none",
  });
  if (isPython) tell(process, pythonJob(prepared, place));
  const output = new RunOutput({ step, redactor, family, throughCharm: prepared.throughCharm });
  const exit = await follow(process, output);
  const word = output.end();
  // Awaited here: the folder goes when this function ends.
  return await concludeRun(step, {
    word,
    exit,
    end: programEnd(exit, word, family),
    keepFiles: () =>
      keepArtefacts(run, { work, originals: [prepared.bundle, ...(place.givesFiles ? [given] : [])], redactor }),
  });
}

/** Everything that is decided about a run before anything is written. */
interface Place {
  environment: Record<string, string>;
  secrets: Readonly<Record<string, string>>;
  /** For `.env`. */
  given: Readonly<Record<string, string>>;
  input: JsonObject;
  /** Whether there is anything to copy into the working directory besides the bundle. */
  givesFiles: boolean;
  notes: readonly string[];
  mounts(folder: RunFolder): SandboxMount[];
  /** Folders that are to be made for this run alone. */
  ephemeral(folder: RunFolder): string[];
}

const manifestSchema = z.object({ runtime: z.object({ memory: z.object({ provider: z.string() }) }) });

async function findPlace(run: ProgramRun): Promise<Place> {
  const { ctx, input, definition, runtime, prepared } = run;
  const { userId, threadId, lifecycle = definition.lifecycle, history, files } = input.run;
  const workspace = await runtime.workspaces.open({
    organizationId: ctx.organizationId,
    agentId: input.agentId,
    userId,
    threadId,
    lifecycle,
  });
  const manifest = manifestSchema.safeParse(definition.manifest);
  const provider = manifest.success ? manifest.data.runtime.memory.provider : "local";
  const isNode = prepared.adapter.family === "node";
  const { variables, given, secrets, notes } = await runEnvironment(run, {
    folder: insidePaths.work,
    operator: { CHARM_MEMORY_PROVIDER: provider },
    own: {
      ...(isNode ? nodeVariables : pythonVariables),
      ...prepared.environment,
      HOME: "/tmp",
      LANG: "C.UTF-8",
      TERM: "dumb",
      CHARM_WORKSPACE_DIR: workspace.target,
    },
  });
  delete secrets["CHARM_MEMORY_PROVIDER"];
  const keepsWorkspace = provider === "local";
  return {
    environment: variables,
    secrets,
    given,
    input: runInput(input.input, input.run),
    givesFiles: isNode || history.length > 0 || Object.keys(given).length > 0 || Object.keys(files).length > 0,
    notes,
    // Another provider of memory keeps what is to stay elsewhere, and wants nothing to be found here.
    mounts: (folder) => [
      { source: keepsWorkspace ? workspace.source : ownWorkspace(folder), target: workspace.target, access: "write" },
    ],
    ephemeral: (folder) => (keepsWorkspace ? [] : [ownWorkspace(folder)]),
  };
}

function ownWorkspace(folder: RunFolder): string {
  return join(folder.path, "workspace");
}

const pythonVariables = { PYTHONUNBUFFERED: "1", PYTHONIOENCODING: "utf-8" };
/** Nothing of npm's own among the lines of the program, of which its result may be made. */
const nodeVariables = {
  PYTHONUNBUFFERED: "1",
  CHARM_INPUT_FILE: `${insidePaths.work}/input.json`,
  npm_config_loglevel: "silent",
  npm_config_update_notifier: "false",
};

async function fillFolders(
  { input, step, runtime, prepared }: ProgramRun,
  place: Place,
  { work, given }: { work: string; given: string },
): Promise<void> {
  const { sandbox, outbound } = runtime.parts;
  await sandbox.makeWritable(work);
  if (!place.givesFiles) return;
  await mkdir(given, { mode: 0o700 });
  await fetchFiles(input.run.files, given, outbound, step.signal);
  const texts = {
    ...(Object.keys(place.given).length > 0 ? { ".env": dotenvText(place.given) } : {}),
    ...(input.run.history.length > 0 ? { [historyFile]: JSON.stringify(input.run.history) } : {}),
    ...(prepared.adapter.family === "node" ? { "input.json": JSON.stringify(place.input) } : {}),
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(given, name), text, { mode: 0o600 });
  await sandbox.makeReadable(given);
}

function pythonJob(prepared: PreparedProgram, place: Place): JsonObject {
  return {
    adapter: prepared.adapter.name,
    entryPoint: prepared.entryPoint ?? null,
    charm: prepared.throughCharm,
    copies: [insidePaths.bundle, ...(place.givesFiles ? [insidePaths.given] : [])],
    paths: [...prepared.pythonPaths],
    input: place.input,
  };
}

/** The copies are the shell's; then it becomes the one that runs the entry point. */
function nodeCommand(entryPoint: string, givesFiles: boolean): string[] {
  const copies = [insidePaths.bundle, ...(givesFiles ? [insidePaths.given] : [])].map(
    (source) => `cp -rp ${source}/. . && `,
  );
  const modules = `{ [ ! -d ${insidePaths.nodeModules} ] || [ -e node_modules ] || ln -s ${insidePaths.nodeModules} node_modules; } && `;
  return ["/bin/sh", "-c", `${copies.join("")}${modules}exec /bin/sh -c "$0"`, entryPoint];
}

function tell(process: SandboxedProcess, job: JsonObject): void {
  process.stdin?.on("error", () => undefined); // it died before it could read; its exit says so
  process.stdin?.end(JSON.stringify(job));
}

/** Reads both outputs to their ends. */
async function follow(process: SandboxedProcess, output: RunOutput): Promise<SandboxExit> {
  const [exit] = await Promise.all([
    process.exited,
    output.read(process.stdout, "stdout"),
    output.read(process.stderr, "stderr"),
  ]).catch(async (error: unknown) => {
    process.kill(); // the log takes nothing any more, so nobody may go on
    process.stdout.destroy();
    process.stderr.destroy();
    await process.exited;
    throw error;
  });
  return exit;
}
