import { z } from "zod";
import type { Ledgers } from "./ledgers.ts";
import { endTypes, eventBody } from "./log-rows.ts";
import type { ProgramMark } from "./program-marks.ts";
import type { EventRow, ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

const inputSchema = z.object({ input: z.object({ note: z.string().optional(), fails: z.boolean().optional() }) });
const definitionSchema = z.object({ onCrash: z.enum(["fail", "rerun"]).optional() });

/** What is stored in the moment before a program starts. */
const startingText = '"Starting agent"';

interface Run {
  execution: ExecutionRow;
  /** Undefined when its caller gave none. */
  note: string | undefined;
  mayRunAgain: boolean;
  /** Its program was asked to fail, and fails for no other reason. */
  fails: boolean;
}

/**
 * Of user code: I3, a run that may not be repeated takes effect once at most, and ends as `outcome_unknown` when its process
 * died under it; one that may be repeated comes to its end; what completed has run to its end. I7, no two processes are at
 * work in one workspace.
 */
export function findProgramViolations(snapshot: Snapshot, { programs }: Ledgers, atRest: boolean): Violation[] {
  const violations: Violation[] = [];
  const third = (message: string) => violations.push({ invariant: "I3", message });
  const runs = readRuns(snapshot);
  for (const run of runs) checkLog(run, third);
  checkMarks(runs, programs, atRest, third);
  findOverlaps(programs, (message) => violations.push({ invariant: "I7", message }));
  return violations;
}

function readRuns({ executions, versions }: Snapshot): Run[] {
  const runs: Run[] = [];
  for (const execution of executions.values()) {
    const [queued] = execution.events;
    if (execution.program !== "code" || queued?.type !== "execution-queued") continue;
    const { note, fails = false } = inputSchema.parse(eventBody(queued, "execution-queued").input).input;
    const definition = definitionSchema.parse(JSON.parse(versions.get(execution.agentVersionId ?? "") ?? "{}"));
    runs.push({ execution, note, mayRunAgain: definition.onCrash === "rerun", fails });
  }
  return runs;
}

function checkLog({ execution, mayRunAgain, fails }: Run, report: (message: string) => void): void {
  const { id, events } = execution;
  const starts = events.filter(isStart);
  if (!mayRunAgain && starts.length > 1) report(`execution ${id} may run once, and was started ${starts.length} times`);
  const end = events.find(({ type }) => endTypes.has(type));
  const last = starts.at(-1);
  if (end === undefined) return;
  const wasInterrupted = last !== undefined && events.some((event) => isLaterAttempt(event, last));
  if (end.type === "execution-completed") {
    if (last === undefined) report(`execution ${id} completed, and its program was never started`);
    else if (wasInterrupted) report(`execution ${id} completed in another attempt than its program was started in`);
    return;
  }
  if (end.type !== "execution-failed") return;
  const { code } = eventBody(end, "execution-failed").error;
  if (code === "poison" || (code === "program_failed" && fails && endedByItself(events))) return;
  if (code === "outcome_unknown" && !mayRunAgain && wasInterrupted) return;
  const when = wasInterrupted ? "after it was interrupted" : "without having been interrupted";
  report(`execution ${id} may run ${mayRunAgain ? "again" : "once"}, and failed as ${code} ${when}`);
}

function isStart({ type, body }: EventRow): boolean {
  return type === "status-noted" && body.includes(startingText);
}

function isLaterAttempt({ type, seq }: EventRow, start: EventRow): boolean {
  return type === "attempt-started" && seq > start.seq;
}

/** Nobody killed it. A program whose failure we have caught ends with 0. */
function endedByItself(events: readonly EventRow[]): boolean {
  const finished = events.find(({ type }) => type === "process-finished");
  if (finished === undefined) return false;
  return eventBody(finished, "process-finished").reason === "exited";
}

interface Effects {
  begun: number;
  ended: number;
}

function checkMarks(
  runs: readonly Run[],
  marks: readonly ProgramMark[],
  atRest: boolean,
  report: (message: string) => void,
): void {
  const effects = new Map<string, Effects>();
  for (const { workspace, word, note } of marks) {
    const key = `${agentOf(workspace)} ${note}`;
    const counted = effects.get(key) ?? { begun: 0, ended: 0 };
    effects.set(key, counted);
    if (word === "begin") counted.begun += 1;
    else counted.ended += 1;
  }
  // The runs of one job have the same input.
  const groups = Map.groupBy(
    runs.filter(({ note }) => note !== undefined),
    ({ execution, note }) => `${execution.agentId} ${note}`,
  );
  for (const [key, { begun, ended }] of effects) {
    const group = groups.get(key) ?? [];
    const ids = group.map(({ execution }) => execution.id).join(", ");
    if (group.length === 0) report(`a program of ${key} has run, and no execution has this note`);
    if (group.some(({ mayRunAgain }) => mayRunAgain)) continue;
    if (begun > group.length) report(`${ids} may run once each, and ${key} was begun ${begun} times`);
    if (ended > begun) report(`${key} came to its end ${ended} times and was begun ${begun} times`);
  }
  for (const [key, group] of groups) {
    const { begun, ended } = effects.get(key) ?? { begun: 0, ended: 0 };
    const completed = group.filter(({ execution }) => execution.status === "completed").length;
    // A program that runs has perhaps not been read; the ledger is older than the database.
    if (atRest && ended < completed) {
      report(`${completed} executions of ${key} completed, and its program came to its end ${ended} of ${begun} times`);
    }
  }
}

/** A workspace is of one process at a time: what another has begun is not ended by it, and nothing comes in between. */
function findOverlaps(marks: readonly ProgramMark[], report: (message: string) => void): void {
  const open = new Map<string, string>();
  for (const { workspace, word, note } of marks) {
    if (word === "begin") {
      // One that stands open here was killed.
      open.set(workspace, note);
      continue;
    }
    const begun = open.get(workspace);
    if (begun !== note) report(`in workspace ${workspace}, ${note} went on while ${begun ?? "nothing"} ran`);
    open.delete(workspace);
  }
}

function agentOf(workspace: string): string {
  return workspace.split("/")[1] ?? "";
}
