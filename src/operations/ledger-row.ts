import { sql } from "kysely";
import { RunyardError } from "../contract/errors.ts";
import type { Transaction } from "../contract/ledger.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row, Statement } from "../store/statement.ts";

/** Nano US dollars of one entry: a million dollars. */
export const maxAmountNanoUsd = 1e15;
/** Of a wallet, either way. Integers stay exact up to some 9e15 nano US dollars. */
const maxWalletNanoUsd = 4e15;

const longestWord = 255;

/** @throws `unprocessable` for an amount that cannot be booked */
export function checkAmount(amountNanoUsd: number, param = "amount"): void {
  if (Number.isSafeInteger(amountNanoUsd) && Math.abs(amountNanoUsd) <= maxAmountNanoUsd) return;
  throw new RunyardError("unprocessable", "An amount is at most a million US dollars, either way.", { param });
}

/** @throws `invalid_field_value` for a type or a reference that no index can hold */
export function checkWord(text: string, param: string): void {
  if (text.length > 0 && text.length <= longestWord) return;
  throw new RunyardError("invalid_field_value", `It must have 1 to ${longestWord} characters.`, { param });
}

/**
 * Writes an entry that belongs to no execution, and what it changes of its organization: two statements. The first is
 * rejected as not unique when there is an entry of this type and reference; the second when the sum leaves what can be
 * counted.
 */
export function bookTransaction(database: Database, entry: Transaction): readonly [Statement, Statement] {
  const { builder } = database;
  const insert = builder.insertInto("credit_entry").values({
    id: entry.id,
    organization_id: entry.organizationId,
    execution_id: null,
    kind: entry.kind,
    amount_nano_usd: entry.amountNanoUsd,
    at: entry.at,
    type: entry.type,
    reference: entry.reference,
    agent_id: entry.agentId ?? null,
    description: entry.description ?? null,
  });
  return [toStatement(insert), addEntry(database, entry)];
}

/** Adds a stored entry to the sums of its organization. */
export function addEntry(
  { builder }: Database,
  { id, organizationId, kind }: Pick<Transaction, "id" | "organizationId" | "kind">,
): Statement {
  const amount = sql<number>`(select amount_nano_usd from credit_entry where id = ${id})`;
  const next = kind === "payment" ? sql<number>`spent_nano_usd - ${amount}` : sql<number>`wallet_nano_usd + ${amount}`;
  return toStatement(
    builder
      .updateTable("organization")
      .set(kind === "payment" ? { spent_nano_usd: next } : { wallet_nano_usd: next })
      .where("id", "=", organizationId)
      .where(sql<boolean>`${next} between ${sql.lit(-maxWalletNanoUsd)} and ${sql.lit(maxWalletNanoUsd)}`)
      .returning("id"),
    { expectsRow: true },
  );
}

/** The entry of this type and reference, if there is one. */
export async function findTransaction(
  database: Database,
  key: Pick<Transaction, "organizationId" | "type" | "reference">,
): Promise<Transaction | undefined> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("credit_entry")
        .selectAll()
        .where("organization_id", "=", key.organizationId)
        .where("type", "=", key.type)
        .where("reference", "=", key.reference),
    ),
  );
  return row === undefined ? undefined : readTransaction(row);
}

function readTransaction(row: Row): Transaction {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    kind: row["kind"] as Transaction["kind"],
    type: row["type"] as string,
    reference: row["reference"] as string,
    agentId: (row["agent_id"] as string | null) ?? undefined,
    description: (row["description"] as string | null) ?? undefined,
    amountNanoUsd: row["amount_nano_usd"] as number,
    at: row["at"] as number,
  };
}
