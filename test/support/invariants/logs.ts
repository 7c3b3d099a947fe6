import { domainEventSchema, type StoredEvent } from "../../../src/contract/events.ts";
import { readId } from "../../../src/contract/ids.ts";
import { renderEvent } from "../../../src/http/dialects/native/render-event.ts";
import type { ClientNote, Ledgers } from "./ledgers.ts";
import { eventBody } from "./log-rows.ts";
import type { EventRow, ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

/** I4: numbers have no gap, the shown text is the output, and each reader has seen exactly what is stored. */
export function findLogViolations(snapshot: Snapshot, { client }: Ledgers): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I4", message });
  for (const execution of snapshot.executions.values()) {
    // Of a thinned log some numbers are gone on purpose.
    if (execution.logDroppedAt !== null) continue;
    findGaps(execution, report);
    compareTextWithOutput(snapshot, execution, report);
  }
  for (const note of client) {
    if (note.type !== "read") continue;
    const id = readId("execution", note.executionId);
    const execution = id === undefined ? undefined : snapshot.executions.get(id);
    if (execution !== undefined && execution.logDroppedAt === null) compareReading(execution, note, report);
  }
  return violations;
}

function findGaps({ id, status, events, lastSeq }: ExecutionRow, report: (message: string) => void): void {
  const hole = events.findIndex(({ seq }, index) => seq !== index + 1);
  if (hole >= 0) report(`execution ${id} has number ${events[hole]?.seq} where ${hole + 1} should stand`);
  if (events[0] !== undefined && events[0].type !== "execution-queued") {
    report(`the log of ${id} begins with ${events[0].type}`);
  }
  const end = events.at(-1)?.seq ?? 0;
  // While an attempt runs, its log may be ahead of the row.
  if (status === "running" || status === "queued" ? end < lastSeq : end !== lastSeq) {
    report(`execution ${id} counts ${lastSeq} events, and its log ends with number ${end}`);
  }
}

/** Whatever crashes lie between its pieces, the text that was shown adds up to the output. */
function compareTextWithOutput(
  snapshot: Snapshot,
  { id, program, agentVersionId, events }: ExecutionRow,
  report: (message: string) => void,
): void {
  if (program !== "chat" || agentVersionId === null) return;
  // An answer that is held to a schema is not shown as it comes.
  if (snapshot.versions.get(agentVersionId)?.includes('"outputSchema"') === true) return;
  const end = events.find(({ type }) => type === "execution-completed");
  if (end === undefined) return;
  const { output } = eventBody(end, "execution-completed");
  const text = events.filter(({ type }) => type === "text-delta").map((row) => eventBody(row, "text-delta").text);
  if (output !== text.join("")) {
    report(`execution ${id} has output ${JSON.stringify(output)} and has shown ${JSON.stringify(text.join(""))}`);
  }
}

/** Every frame is the rendering of the stored row with its number, and no row in between was passed over. */
function compareReading(
  execution: ExecutionRow,
  { executionId, after, frames, ended }: Extract<ClientNote, { type: "read" }>,
  report: (message: string) => void,
): void {
  const endFrame = frames.findIndex(({ data }) => isEndFrame(data));
  if (endFrame >= 0 && endFrame !== frames.length - 1)
    report(`a reader of ${executionId} got frames after the last one`);
  const shown = frames.filter(({ data }) => !isEndFrame(data));
  const upTo = ended ? (frames.at(-1)?.id ?? after) : (shown.at(-1)?.id ?? after);
  const expected = execution.events
    .filter(({ seq }) => seq > after && seq <= upTo)
    .flatMap((row) => {
      const data = render(execution, row);
      return data === undefined ? [] : [{ id: row.seq, data }];
    });
  for (const [index, frame] of shown.entries()) {
    const stored = expected[index];
    if (stored === undefined || stored.id !== frame.id || stored.data !== frame.data) {
      report(
        `a reader of ${executionId} after ${after} saw ${frame.id}: ${frame.data}, ` +
          `and stored is ${stored === undefined ? "nothing" : `${stored.id}: ${stored.data}`}`,
      );
      return;
    }
  }
  const missed = expected[shown.length];
  if (missed !== undefined) report(`a reader of ${executionId} after ${after} was not shown number ${missed.id}`);
}

function isEndFrame(data: string): boolean {
  return data.startsWith('{"type":"done"') || data.startsWith('{"type":"error"');
}

function render(execution: ExecutionRow, row: EventRow): string | undefined {
  const event: StoredEvent = {
    ...domainEventSchema.parse({ type: row.type, body: JSON.parse(row.body) }),
    executionId: execution.id,
    seq: row.seq,
    attempt: row.attempt,
    step: row.step,
    at: row.at,
  };
  const { id, createdAt } = execution;
  const data = renderEvent(event, {
    id,
    createdAt,
    agentId: execution.agentId ?? undefined,
    conversationId: execution.conversationId ?? undefined,
  });
  return data === undefined ? undefined : JSON.stringify(data);
}
