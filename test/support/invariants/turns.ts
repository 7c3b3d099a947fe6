import { endTypes, eventBody } from "./log-rows.ts";
import type { ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

/**
 * I7: an execution of a conversation begins when the one before it has ended, and attempts of one execution follow one
 * another: a lower attempt never writes after a higher one has begun.
 */
export function findTurnViolations(snapshot: Snapshot): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I7", message });
  const turns = new Map<string, Turn[]>();
  for (const execution of snapshot.executions.values()) {
    checkAttempts(execution, report);
    const turn = turnOf(execution);
    if (turn === undefined || execution.conversationId === null) continue;
    const others = turns.get(execution.conversationId);
    if (others === undefined) turns.set(execution.conversationId, [turn]);
    else others.push(turn);
  }
  for (const [conversationId, all] of turns) {
    all.sort((left, right) => left.from - right.from || left.to - right.to);
    let latest: Turn | undefined;
    for (const turn of all) {
      if (latest !== undefined && turn.from < latest.to) {
        report(
          `in conversation ${conversationId}, ${turn.id} began at ${turn.from} while ${latest.id} ran ` +
            `(${latest.from} to ${latest.to})`,
        );
      }
      if (latest === undefined || turn.to > latest.to) latest = turn;
    }
  }
  return violations;
}

interface Turn {
  id: string;
  /** Its first attempt and its end, epoch milliseconds. */
  from: number;
  to: number;
}

/** Undefined when it never began. */
function turnOf({ id, events }: ExecutionRow): Turn | undefined {
  const begun = events.find(({ type }) => type === "attempt-started");
  if (begun === undefined) return undefined;
  const end = events.find(({ type }) => endTypes.has(type));
  return { id, from: begun.at, to: end?.at ?? Number.POSITIVE_INFINITY };
}

function checkAttempts({ id, attempt, events }: ExecutionRow, report: (message: string) => void): void {
  let current = 0;
  for (const event of events) {
    if (event.type === "attempt-started") {
      const begun = eventBody(event, "attempt-started").attempt;
      if (begun !== current + 1) report(`execution ${id}: attempt ${begun} follows attempt ${current}`);
      current = begun;
    }
    // 0: written from outside of any attempt.
    if (event.attempt !== 0 && event.attempt !== current) {
      report(`execution ${id}: attempt ${event.attempt} wrote number ${event.seq} while attempt ${current} held it`);
    }
  }
  if (attempt !== current) report(`execution ${id} counts ${attempt} attempts, and its log has ${current}`);
}
