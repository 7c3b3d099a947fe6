import { eventBody } from "./log-rows.ts";
import type { ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

type Credit = Snapshot["credits"][number];

/** I5: what organizations have spent and hold is what the ledger adds up to, and that is what the logs say. */
export function findCreditViolations(snapshot: Snapshot, atRest: boolean): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I5", message });
  const byExecution = new Map<string, Credit[]>();
  for (const credit of snapshot.credits) {
    const { execution_id: executionId } = credit;
    if (isOfNoExecution(credit)) {
      if (executionId !== null)
        report(`credit entry ${credit.id} (${credit.kind}) belongs to execution ${executionId}`);
      continue;
    }
    if (executionId === null || !snapshot.executions.has(executionId)) {
      report(`credit entry ${credit.id} (${credit.kind}) belongs to no execution: ${executionId}`);
      continue;
    }
    const entries = byExecution.get(executionId);
    if (entries === undefined) byExecution.set(executionId, [credit]);
    else entries.push(credit);
  }
  for (const organization of snapshot.organizations) {
    const { id, spent_nano_usd: spent, reserved_nano_usd: reserved, wallet_nano_usd: wallet } = organization;
    const own = snapshot.credits.filter((credit) => credit.organization_id === id);
    const of = (...kinds: Credit["kind"][]) => sum(own.filter(({ kind }) => kinds.includes(kind)));
    const settled = of("settle") - of("payment");
    const held = of("reserve", "release");
    const booked = of("transaction");
    if (spent !== settled) report(`organization ${id} has spent ${spent}, and its ledger settles ${settled}`);
    if (wallet !== booked) report(`organization ${id} has ${wallet} in its wallet, and its ledger books ${booked}`);
    if (reserved !== held) report(`organization ${id} holds ${reserved}, and its ledger adds up to ${held}`);
    if (atRest && reserved !== 0) report(`organization ${id} holds ${reserved} while nothing runs`);
  }
  for (const execution of snapshot.executions.values()) {
    checkExecution(execution, byExecution.get(execution.id) ?? [], report);
  }
  return violations;
}

function isOfNoExecution({ kind }: Credit): boolean {
  return kind === "payment" || kind === "transaction";
}

function checkExecution(execution: ExecutionRow, entries: readonly Credit[], report: (message: string) => void): void {
  const { id, costNanoUsd, reservedNanoUsd } = execution;
  const of = (kind: Credit["kind"]) => entries.filter((entry) => entry.kind === kind);
  const isEnded = execution.finishedAt !== null;
  for (const kind of ["reserve", "release", "settle"] as const) {
    if (of(kind).length > 1) report(`execution ${id} has ${of(kind).length} entries "${kind}"`);
  }
  if (sum(of("reserve")) !== reservedNanoUsd) {
    report(`execution ${id} reserved ${reservedNanoUsd}, and the ledger has ${sum(of("reserve"))}`);
  }
  if (isEnded && sum(of("reserve")) + sum(of("release")) !== 0) {
    report(`execution ${id} has ended and still holds ${sum(of("reserve")) + sum(of("release"))}`);
  }
  if (!isEnded && of("release").length + of("settle").length > 0) {
    report(`execution ${id} is ${execution.status} and was settled`);
  }
  if (isEnded && execution.agentId !== null && sum(of("settle")) !== costNanoUsd) {
    report(`execution ${id} cost ${costNanoUsd}, and the ledger settles ${sum(of("settle"))}`);
  }
  const begun = execution.events.filter(({ type }) => type === "tool-call-started" || type === "tool-call-required");
  if (begun.length !== execution.toolCalls) {
    report(`execution ${id} counts ${execution.toolCalls} tool calls, its log ${begun.length}`);
  }
  const logged = { cost: 0, input: 0, output: 0 };
  for (const event of execution.events) {
    if (event.type !== "model-called") continue;
    const { costNanoUsd: cost, usage } = eventBody(event, "model-called");
    logged.cost += cost ?? 0;
    logged.input += usage.inputTokens;
    logged.output += usage.outputTokens;
  }
  if (
    logged.cost !== costNanoUsd ||
    logged.input !== execution.inputTokens ||
    logged.output !== execution.outputTokens
  ) {
    report(
      `execution ${id} counts ${costNanoUsd} nano USD and ${execution.inputTokens} + ${execution.outputTokens} tokens, ` +
        `its log ${logged.cost} and ${logged.input} + ${logged.output}`,
    );
  }
}

function sum(entries: readonly Credit[]): number {
  return entries.reduce((total, { amount_nano_usd: amount }) => total + amount, 0);
}
