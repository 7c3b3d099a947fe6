import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { Transaction } from "../contract/ledger.ts";
import { UnitRejected } from "../store/statement.ts";
import { requireAgent } from "./agent-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { bookTransaction, checkAmount, checkWord, findTransaction } from "./ledger-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Types that take money out of the wallet, whichever sign their amount has. */
const spending: ReadonlySet<string> = new Set([
  "charge",
  "chargeback",
  "debit",
  "fee",
  "payout",
  "purchase",
  "spend",
  "subscription",
  "tip",
  "usage",
  "withdrawal",
]);

/**
 * Books a transaction in the caller's wallet. Types that name spending take their amount out of it; of every other type
 * the amount is added as it is, so a negative one takes out. The same type and reference again is the same transaction.
 *
 * It gives no room under the organization's credit limit: that would let a key lift its own limit.
 *
 * @throws `agent_not_found`; `transaction_conflict` when the reference was used with another amount or agent;
 *   `unprocessable` when the amount, or what the wallet would come to, is too much
 */
export async function createTransaction(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  request: { amountNanoUsd: number; type: string; reference: string; agentId?: Id; description?: string },
): Promise<Transaction> {
  requireScope(caller, "agents:write");
  const { database } = parts;
  const organizationId = caller.organization.id;
  const { type, reference, agentId, description } = request;
  checkAmount(request.amountNanoUsd);
  checkWord(type, "type");
  checkWord(reference, "referenceId");
  if (agentId !== undefined) await requireAgent(database, organizationId, agentId);
  const transaction: Transaction = {
    id: newId(),
    organizationId,
    kind: "transaction",
    type,
    reference,
    agentId,
    description,
    amountNanoUsd: spending.has(type.toLowerCase()) ? -Math.abs(request.amountNanoUsd) : request.amountNanoUsd,
    at: parts.now(),
  };
  try {
    await commitOnce(parts, caller, bookTransaction(database, transaction), transaction);
    return transaction;
  } catch (error) {
    if (!(error instanceof UnitRejected)) throw error;
    if (error.failure !== "unique") {
      throw new RunyardError("unprocessable", "The wallet would come to more than can be counted.", {
        param: "amount",
      });
    }
  }
  const known = await findTransaction(database, transaction);
  if (known?.amountNanoUsd === transaction.amountNanoUsd && known.agentId === agentId) return known;
  throw new RunyardError(
    "transaction_conflict",
    `The reference ${reference} was used for another ${type}. Choose another reference.`,
    { param: "referenceId" },
  );
}
