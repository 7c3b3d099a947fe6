import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { Statement, UnitRejected } from "../store/statement.ts";
import { executeQueries } from "./execute-queries.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** A statement ahead of an execution's start, and what it means when it is refused. */
export interface Guard {
  statement: Statement;
  refused: () => RunyardError | "again";
}

/** What the refused statement of a unit stands for; undefined when it is none of the guards, which come first in it. */
export function refusalOf(guards: readonly Guard[], { statement }: UnitRejected): RunyardError | "again" | undefined {
  return guards[statement]?.refused();
}

/**
 * Sets aside what an execution may cost at the most, where the organization has a credit limit. It is released when the
 * execution has ended and its real cost is settled.
 */
export function reserveCredit(
  parts: Pick<OperationParts, "database" | "now" | "estimateCost">,
  caller: Caller,
  executionId: Id,
  definition: AgentDefinition,
  inputLength: number,
): { amountNanoUsd: number; guards: Guard[] } {
  const { organization } = caller;
  if (organization.creditLimitNanoUsd === null || organization.environment === "test") {
    return { amountNanoUsd: 0, guards: [] };
  }
  const amountNanoUsd = parts.estimateCost(definition, inputLength);
  const queries = executeQueries(parts.database);
  const entry = queries.creditEntry({
    id: newId(),
    organizationId: organization.id,
    executionId,
    kind: "reserve",
    amount: amountNanoUsd,
    at: parts.now(),
  });
  return {
    amountNanoUsd,
    guards: [
      {
        statement: queries.reserve({ id: organization.id, amount: amountNanoUsd }, { expectsRow: true }),
        refused: noCredit,
      },
      { statement: entry, refused: noCredit },
    ],
  };
}

function noCredit(): RunyardError {
  return new RunyardError(
    "quota_exceeded",
    "The organization's credit limit leaves no room for this execution. Raise the limit, or wait until running ones end.",
  );
}
