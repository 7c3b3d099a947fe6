import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { RunyardError } from "../../../contract/errors.ts";
import type { Json } from "../../../contract/json.ts";
import type { Ctx, StepContext } from "../../../engine/program.ts";
import type { CodeInput, CodeRun } from "../code-parts.ts";
import type { CodeRuntime } from "../open-code-runtime.ts";
import { folderName } from "./folder-name.ts";
import type { Workspace } from "./workspaces.ts";

type Task = NonNullable<CodeRun["task"]>;

const limits = {
  wallMs: 600_000,
  cpuSeconds: 600,
  memoryBytes: 256 * 1024 * 1024,
  processes: 16,
  openFiles: 256,
  diskBytes: 4 * 1024 * 1024 * 1024,
  outputBytes: 1024 * 1024,
};

/**
 * Packs and unpacks happen in the sandbox, like everything that touches files of programs: whatever they have put there, an
 * archive of their own making included, can do no more than they could themselves.
 */
const scripts: Record<Task["kind"], string> = {
  snapshot: `set -e
if [ -L .snapshots ] || { [ -e .snapshots ] && [ ! -d .snapshots ]; }; then rm -f .snapshots; fi
mkdir -p .snapshots
tar --create --gzip --file=".snapshots/$1.part" --exclude=./.snapshots .
mv ".snapshots/$1.part" ".snapshots/$1.tar.gz"`,
  restore: `set -e
find . -mindepth 1 -maxdepth 1 ! -name .snapshots -exec rm -rf {} +
if [ -f ".snapshots/$1.tar.gz" ]; then tar --extract --gzip --file=".snapshots/$1.tar.gz" --exclude=./.snapshots --no-same-owner; fi`,
};

/** What both say at their ends; the second is the word that clients of a rollback wait for. */
const words: Record<Task["kind"], { status: string; final: string }> = {
  snapshot: { status: "Saving the workspace", final: "SNAPSHOT_COMPLETE" },
  restore: { status: "Restoring the workspace", final: "ROLLBACK_RESTORE_COMPLETE" },
};

/**
 * Saves all workspaces of an agent, of all its users and threads, under a label, or takes them back to where they were then:
 * a workspace that came later is emptied. Can be repeated. None of the agent's programs may be running.
 *
 * @throws RunyardError `snapshot_not_found` when nothing was ever saved under the label; `program_limit` for a workspace that
 *   is too large
 */
export async function runWorkspaceTask(
  task: Task,
  { ctx, step, input, runtime }: { ctx: Ctx; step: StepContext; input: CodeInput; runtime: CodeRuntime },
): Promise<Json> {
  const startedAt = performance.now();
  const { status, final } = words[task.kind];
  const note = (message: string | undefined) => {
    if (message === undefined) {
      step.emit({ type: "output-produced", body: { key: "final", type: "markdown", value: final } });
    } else {
      step.emit({ type: "failure-noted", body: { message } });
    }
    const exitCode = message === undefined ? 0 : 1;
    const durationMs = Math.round(performance.now() - startedAt);
    step.emit({ type: "process-finished", body: { exitCode, reason: "exited", durationMs } });
  };
  try {
    step.emit({ type: "status-noted", body: { text: status } });
    const noteFile = join(await runtime.workspaces.notes(ctx.organizationId, input.agentId), noteName(task.label));
    if (task.kind === "restore" && !existsSync(noteFile)) {
      throw new RunyardError("snapshot_not_found", `There is no saved workspace of "${task.label}" to go back to.`);
    }
    for (const workspace of await runtime.workspaces.list(ctx.organizationId, input.agentId)) {
      await runIn(workspace, task, runtime, step.signal);
    }
    if (task.kind === "snapshot") await writeFile(noteFile, "");
  } catch (error) {
    if (error instanceof RunyardError) note(error.message);
    throw error;
  }
  note(undefined);
  return final;
}

async function runIn(workspace: Workspace, task: Task, runtime: CodeRuntime, signal: AbortSignal): Promise<void> {
  const { sandbox } = runtime.parts;
  const process = await sandbox.start({
    command: ["/bin/sh", "-c", scripts[task.kind], "sh", noteName(task.label)],
    workingDirectory: workspace.target,
    environment: { LANG: "C.UTF-8" },
    mounts: [{ source: workspace.source, target: workspace.target, access: "write" }],
    limits,
    signal,
  });
  const [exit, , complaint] = await Promise.all([process.exited, readText(process.stdout), readText(process.stderr)]);
  signal.throwIfAborted();
  if (exit.reason === "exited" && exit.exitCode === 0) return;
  const why = exit.message ?? (complaint.trim().slice(-500) || `exit code ${exit.exitCode}`);
  throw new RunyardError(
    exit.reason === "exited" ? "program_failed" : "program_limit",
    `The workspace could not be ${task.kind === "snapshot" ? "saved" : "restored"}: ${why}`,
  );
}

/** A label may be any text; a name that ends in more than a file can have is shortened. */
function noteName(label: string): string {
  const name = folderName(label);
  return name.length <= 200 ? name : createHash("sha256").update(label).digest("hex");
}
