import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodeDefinition } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { Ctx, StepContext } from "../../../engine/program.ts";
import type { SandboxExit } from "../../../sandbox/sandbox.ts";
import { adapterOf, type ProgramFamily } from "../adapters.ts";
import { refuseInterrupted, starting } from "../begun-run.ts";
import type { CodeInput } from "../code-parts.ts";
import { concludeRun } from "../conclude-run.ts";
import type { CodeRuntime } from "../open-code-runtime.ts";
import { type ProgramEnd, programEnd } from "../program-end.ts";
import { programLimits } from "../program-limits.ts";
import type { ProgramWord } from "../protocol/program-output.ts";
import { createRedactor } from "../protocol/redact.ts";
import { RunOutput } from "../run-output.ts";
import { fetchFiles } from "../workspace/fetch-files.ts";
import { historyFile, runEnvironment } from "../workspace/run-environment.ts";
import { runInput } from "../workspace/run-input.ts";
import type { DaemonJobEnd, Daemons } from "./daemons.ts";
import { givenFolder, insideGiven } from "./given-folder.ts";

export interface DaemonRun {
  ctx: Ctx;
  step: StepContext;
  input: CodeInput;
  definition: CodeDefinition;
  runtime: CodeRuntime;
  daemons: Pick<Daemons, "run">;
  /** For the run itself, in milliseconds. */
  timeoutMs: number;
}

/**
 * Runs a job in its user's daemon and shows what the program does as it comes, in the events of a run of its own. Files
 * that the program leaves stay on the daemon's volume; they are no artefacts.
 *
 * @returns the execution's output
 * @throws RunyardError `program_failed`, `program_timeout`, `program_limit`, `outcome_unknown`, and what kept the daemon from
 *   coming up; the signal's reason, once the daemon is through with the job
 */
export async function runInDaemon(run: DaemonRun): Promise<Json> {
  const { ctx, step, input, definition, runtime } = run;
  const { parts } = runtime;
  refuseInterrupted(step, definition, "while the daemon was at the run");
  const key = { organizationId: ctx.organizationId, agentId: input.agentId, userId: input.run.userId };
  const given = join(givenFolder(parts.directory, key), ctx.executionId);
  const { request, secrets, notes } = await describeJob(run);
  const redactor = createRedactor(secrets);
  const { family } = adapterOf(definition, {});
  const output = new RunOutput({ step, redactor, family, throughCharm: false });
  const { outputBytes: maxOutputBytes = Number.POSITIVE_INFINITY } = programLimits(definition);
  let outputBytes = 0;
  const limit = new AbortController();
  let end: DaemonJobEnd;
  try {
    end = await run.daemons.run(key, {
      executionId: ctx.executionId,
      agentVersionId: input.agentVersionId,
      request,
      timeoutMs: run.timeoutMs,
      signal: AbortSignal.any([step.signal, limit.signal]),
      onStatus: (text) => step.emit({ type: "status-noted", body: { text } }),
      async onBegin() {
        await putFiles(run, given);
        for (const text of notes) step.emit({ type: "status-noted", body: { text } });
        step.emit(starting);
        await step.flush();
      },
      onOutput(chunk, source) {
        outputBytes += chunk.length;
        if (outputBytes > maxOutputBytes) limit.abort();
        return output.take(chunk, source);
      },
    });
  } catch (error) {
    if (!(error instanceof RunyardError)) throw error;
    throw new RunyardError(error.code, redactor.text(error.message), { cause: error });
  } finally {
    await rm(given, { recursive: true, force: true });
  }
  const word = output.end();
  const exit: SandboxExit = { signal: null, ...(limit.signal.aborted ? tooMuch(end) : end) };
  return await concludeRun(step, { word, exit, end: endOf(exit, word, family) });
}

async function describeJob(job: DaemonRun): Promise<{
  request: JsonObject;
  secrets: Readonly<Record<string, string>>;
  notes: readonly string[];
}> {
  const { ctx, input } = job;
  const inside = `${insideGiven}/${ctx.executionId}`;
  const { variables, secrets, notes } = await runEnvironment(job, { folder: inside });
  return {
    request: {
      input: runInput(input.input, input.run),
      environment: variables,
      ...(Object.keys(input.run.files).length > 0 && { copies: [inside] }),
    },
    secrets,
    notes,
  };
}

async function putFiles({ step, input, runtime }: DaemonRun, given: string): Promise<void> {
  const { files, history } = input.run;
  if (Object.keys(files).length === 0 && history.length === 0) return;
  const { sandbox, outbound } = runtime.parts;
  await mkdir(given, { recursive: true, mode: 0o700 });
  await fetchFiles(files, given, outbound, step.signal);
  if (history.length > 0) await writeFile(join(given, historyFile), JSON.stringify(history), { mode: 0o600 });
  await sandbox.makeReadable(given);
}

function tooMuch(end: DaemonJobEnd): DaemonJobEnd {
  return { ...end, reason: "too-much-output", message: "The program printed more than a run may." };
}

function endOf(exit: SandboxExit, word: ProgramWord, family: ProgramFamily): ProgramEnd {
  return exit.reason === "cancelled"
    ? { error: new RunyardError("program_failed", exit.message ?? "The daemon was stopped.") }
    : programEnd(exit, word, family);
}
