import { type AliasedExpression, sql } from "kysely";
import type { Distribution } from "../contract/analytics.ts";
import { type Database, toStatement } from "../store/database.ts";

/** A subquery of whole numbers, none of them null, from 0 up. */
export type Measured = AliasedExpression<{ value: number }, "measured">;

/**
 * How values are spread over buckets, with the usual figures.
 *
 * @param bounds where a bucket ends and the next begins, ascending; the first begins at 0, the last has no end
 */
export async function distributionOf(
  database: Database,
  measured: Measured,
  bounds: readonly number[],
): Promise<Distribution> {
  const cases = bounds.map((bound, index) => sql`when value < ${sql.lit(bound)} then ${sql.lit(index)}`);
  const bucket = sql<number>`(case ${sql.join(cases, sql` `)} else ${sql.lit(bounds.length)} end)`;
  const rows = await database.scan(
    toStatement(
      database.builder
        .selectFrom(measured)
        .select([
          bucket.as("bucket"),
          sql<number>`count(*)`.as("count"),
          sql<number>`cast(sum(value) as bigint)`.as("sum"),
          sql<number>`max(value)`.as("max"),
        ])
        .groupBy(sql`1`),
    ),
  );
  const found = new Map(rows.map((row) => [Number(row["bucket"]), row]));
  const count = rows.reduce((total, row) => total + (row["count"] as number), 0);
  const sum = rows.reduce((total, row) => total + (row["sum"] as number), 0);
  const max = rows.reduce((most, row) => Math.max(most, row["max"] as number), 0);
  const [p50, p95] = await Promise.all([0.5, 0.95].map((part) => percentileOf(database, measured, count, part)));
  return {
    buckets: [0, ...bounds].map((from, index) => ({
      from,
      to: bounds[index],
      count: (found.get(index)?.["count"] as number | undefined) ?? 0,
    })),
    count,
    average: count === 0 ? null : Math.round(sum / count),
    p50: p50 ?? null,
    p95: p95 ?? null,
    max: count === 0 ? null : max,
  };
}

/** The smallest value that so large a part of all values does not exceed; null of none. */
export async function percentileOf(
  database: Database,
  measured: Measured,
  count: number,
  part: number,
): Promise<number | null> {
  if (count === 0) return null;
  const [row] = await database.scan(
    toStatement(
      database.builder
        .selectFrom(measured)
        .select("value")
        .orderBy("value")
        .limit(1)
        .offset(Math.ceil(count * part) - 1),
    ),
  );
  return (row?.["value"] as number | undefined) ?? null;
}
