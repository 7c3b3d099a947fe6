// Checks invariants I1 to I8 of design §9, and I9 for jobs, on the database of a server and the ledgers of those around it.
import { findCreditViolations } from "./invariants/credits.ts";
import { findDeliveryViolations } from "./invariants/deliveries.ts";
import { findEndViolations } from "./invariants/ends.ts";
import { findJobViolations } from "./invariants/jobs.ts";
import type { Ledgers } from "./invariants/ledgers.ts";
import { findLogViolations } from "./invariants/logs.ts";
import { findProgramViolations } from "./invariants/programs.ts";
import { type ExecutionRow, readSnapshot, type Snapshot } from "./invariants/snapshot.ts";
import { findStepViolations } from "./invariants/steps.ts";
import { findTenantViolations } from "./invariants/tenants.ts";
import { findTurnViolations } from "./invariants/turns.ts";
import type { Violation } from "./invariants/violation.ts";

export interface InvariantsReport {
  violations: Violation[];
  counts: {
    /** Of agents; deliveries and other programs of the product are not counted. */
    executions: number;
    completed: number;
    failed: number;
    cancelled: number;
    /** Of the failed ones: a program whose server died under it, and which is not run again. */
    unknown: number;
    /** Of user code, also in daemons. */
    programs: number;
    jobs: number;
    /** Of the failed ones and of deliveries: given up after three deaths of the process. */
    poison: number;
    deliveries: number;
    events: number;
    /** More than one for each execution: it was taken up again. */
    attempts: number;
  };
}

/**
 * Checks the database of a server, running or stopped, against what those around it have seen:
 *
 * - **I1** every accepted execution is there and reaches one terminal state;
 * - **I2** nothing comes after it, and callers were told the end that is stored;
 * - **I3** no journaled step runs again, and no effect happens twice that may happen once;
 * - **I4** `seq` has no gap, and every reader has seen what is stored, byte for byte;
 * - **I5** credits balance;
 * - **I6** one webhook event for each terminal event and webhook, delivered, and never for an end that is not stored;
 * - **I7** turns of a conversation never interleave, nor do attempts of an execution;
 * - **I8** no row refers to another tenant's row;
 * - **I9** each due time of a job starts one execution at most, which the job counts, and none of them overlap.
 *
 * Of user code I3 and I7 are also checked by the marks that its programs have left.
 *
 * @param options.database the path of the SQLite file, or a `postgres://` URL
 * @param options.ledgers what others have noted, read **before** the call: the database must know of all of it
 * @param options.atRest whether everything accepted should have come to its end by now
 */
export async function checkInvariants(options: {
  database: string;
  ledgers: Ledgers;
  atRest: boolean;
}): Promise<InvariantsReport> {
  const { ledgers, atRest } = options;
  const snapshot = await readSnapshot(options.database);
  return {
    violations: [
      ...findEndViolations(snapshot, ledgers, atRest),
      ...findStepViolations(snapshot, ledgers),
      ...findLogViolations(snapshot, ledgers),
      ...findCreditViolations(snapshot, atRest),
      ...findDeliveryViolations(snapshot, ledgers, atRest),
      ...findTurnViolations(snapshot),
      ...findTenantViolations(snapshot, ledgers),
      ...findProgramViolations(snapshot, ledgers, atRest),
      ...findJobViolations(snapshot, ledgers, atRest),
    ],
    counts: count(snapshot),
  };
}

function count(snapshot: Snapshot): InvariantsReport["counts"] {
  const all = [...snapshot.executions.values()];
  const ofAgents = all.filter(({ agentId }) => agentId !== null);
  const withStatus = (status: string) => ofAgents.filter((execution) => execution.status === status).length;
  return {
    executions: ofAgents.length,
    completed: withStatus("completed"),
    failed: withStatus("failed"),
    cancelled: withStatus("cancelled"),
    unknown: all.filter((execution) => failedAs(execution, "outcome_unknown")).length,
    programs: all.filter(({ program }) => program === "code").length,
    jobs: snapshot.jobs.length,
    poison: all.filter((execution) => failedAs(execution, "poison")).length,
    deliveries: all.filter(({ program }) => program === "webhook-delivery").length,
    events: all.reduce((sum, { events }) => sum + events.length, 0),
    attempts: all.reduce((sum, { attempt }) => sum + attempt, 0),
  };
}

function failedAs({ events }: ExecutionRow, code: string): boolean {
  return events.some(({ type, body }) => type === "execution-failed" && body.includes(`"${code}"`));
}
