import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CodeDefinition } from "../../../contract/agent.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { DomainEvent } from "../../../contract/events.ts";
import type { Json, JsonObject } from "../../../contract/json.ts";
import { AttemptStopped, type Ctx, type StepContext } from "../../../engine/program.ts";
import type { SandboxExit } from "../../../sandbox/sandbox.ts";
import { adapterOf, type ProgramFamily } from "../adapters.ts";
import { refuseInterrupted, starting } from "../begun-run.ts";
import type { CodeInput } from "../code-parts.ts";
import type { CodeRuntime } from "../open-code-runtime.ts";
import { exitCodeOf, programEnd } from "../program-end.ts";
import { programLimits } from "../program-limits.ts";
import { LineSplitter } from "../protocol/line-splitter.ts";
import { ProgramOutput, type ProgramWord } from "../protocol/program-output.ts";
import { createRedactor } from "../protocol/redact.ts";
import { fetchFiles } from "../workspace/fetch-files.ts";
import { maxVariableBytes, programEnvironment } from "../workspace/program-environment.ts";
import { runInput } from "../workspace/run-input.ts";
import { operatorVariables } from "./daemon-environment.ts";
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

/** Past one of these the program waits until what it said is stored. */
const maxUnstoredEvents = 500;
/** As for a run of its own; see `readOutput`. */
const maxLineBytes = 8 * 1024 * 1024;
const historyFile = ".charm-history.json";

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
  const reader = new JobOutput(run, redactor, family);
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
        if (reader.take(chunk, source) > (programLimits(definition).outputBytes ?? Number.POSITIVE_INFINITY)) {
          limit.abort();
        }
        return reader.keepPace();
      },
    });
  } catch (error) {
    if (!(error instanceof RunyardError)) throw error;
    throw new RunyardError(error.code, redactor.text(error.message), { cause: error });
  } finally {
    await rm(given, { recursive: true, force: true });
  }
  return conclude(step, reader.end(), limit.signal.aborted ? tooMuch(end) : end, family);
}

async function describeJob({ ctx, input, definition, runtime }: DaemonRun): Promise<{
  request: JsonObject;
  secrets: Readonly<Record<string, string>>;
  notes: readonly string[];
}> {
  const { parts } = runtime;
  const { run } = input;
  const inside = `${insideGiven}/${ctx.executionId}`;
  const history = run.history.length === 0 ? undefined : JSON.stringify(run.history);
  const opened =
    run.sealedEnvironment === null
      ? {}
      : await parts.openEnvironment(ctx.organizationId, input.agentId, run.sealedEnvironment);
  const { variables, secrets, leftOut } = programEnvironment({
    given: opened,
    operator: operatorVariables(definition, parts.settings),
    own: {
      CHARM_USER_ID: run.userId,
      ...(history === undefined ? {} : { CHARM_MEMORY_FILE: `${inside}/${historyFile}` }),
      ...(history === undefined || Buffer.byteLength(history) > maxVariableBytes - 100
        ? {}
        : { CHARM_HISTORY: history }),
    },
  });
  return {
    request: {
      input: runInput(input.input, run),
      environment: variables,
      ...(Object.keys(run.files).length > 0 && { copies: [inside] }),
    },
    secrets,
    notes:
      leftOut.length === 0 ? [] : [`Left out of the environment, which the sandbox sets itself: ${leftOut.join(", ")}`],
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

/** Both outputs of one job. */
class JobOutput {
  readonly #step: StepContext;
  readonly #output: ProgramOutput;
  readonly #splitters = { stdout: new LineSplitter(maxLineBytes), stderr: new LineSplitter(maxLineBytes) };
  #events = 0;
  #bytes = 0;

  constructor({ step }: DaemonRun, redactor: ReturnType<typeof createRedactor>, family: ProgramFamily) {
    this.#step = step;
    this.#output = new ProgramOutput({
      redactor,
      outputIsResult: family === "node",
      throughCharm: false,
      emit: (event) => {
        this.#events += 1;
        step.emit(event);
      },
    });
  }

  /** @returns how many bytes have come in all */
  take(chunk: Buffer, source: "stdout" | "stderr"): number {
    this.#bytes += chunk.length;
    for (const line of this.#splitters[source].push(chunk)) this.#output.line(line, source);
    this.#output.release();
    return this.#bytes;
  }

  keepPace(): Promise<void> | undefined {
    if (this.#events < maxUnstoredEvents) return undefined;
    this.#events = 0;
    return this.#step.flush();
  }

  end(): ProgramWord {
    for (const source of ["stdout", "stderr"] as const) {
      const last = this.#splitters[source].end();
      if (last !== undefined) this.#output.line(last, source);
    }
    return this.#output.end();
  }
}

function tooMuch(end: DaemonJobEnd): DaemonJobEnd {
  return { ...end, reason: "too-much-output", message: "The program printed more than a run may." };
}

function conclude(step: StepContext, word: ProgramWord, job: DaemonJobEnd, family: ProgramFamily): Json {
  const exit: SandboxExit = { signal: null, ...job };
  const finished: DomainEvent = {
    type: "process-finished",
    body: { exitCode: exitCodeOf(exit), reason: exit.reason, durationMs: Math.round(exit.durationMs) },
  };
  if (step.signal.aborted) {
    const stopped: unknown = step.signal.reason;
    // An attempt that is handed back or lost goes on elsewhere; only a cancelled run has come to its end.
    if (stopped instanceof AttemptStopped && stopped.why === "cancelled") {
      step.emit({ type: "failure-noted", body: { message: "The run was cancelled." } });
      step.emit(finished);
    }
    throw stopped;
  }
  if (word.state !== undefined) step.emit({ type: "state-saved", body: { state: word.state } });
  const end =
    exit.reason === "cancelled"
      ? { error: new RunyardError("program_failed", exit.message ?? "The daemon was stopped.") }
      : programEnd(exit, word, family);
  if (end.error !== undefined) {
    step.emit({ type: "failure-noted", body: { message: end.error.message } });
    step.emit(finished);
    throw end.error;
  }
  if (word.suspension !== undefined) step.emit({ type: "suspension-noted", body: word.suspension });
  if (word.final !== undefined || word.suspension === undefined) {
    const final = word.final ?? { type: "markdown", value: null };
    step.emit({ type: "output-produced", body: { key: "final", ...final } });
  }
  step.emit(finished);
  return end.output;
}
