import type { Period } from "../contract/analytics.ts";

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const maxDays = 3660;

/** When a period begins, in epoch milliseconds; ten years ago at the most, or with time itself. */
export function periodStart(period: Period, now: number): number {
  if (period === "all") return 0;
  const count = Math.max(1, period.count);
  if (period.unit === "hours") return now - Math.min(count, maxDays * 24) * hourMs;
  return Math.floor(now / dayMs) * dayMs - (Math.min(count, maxDays) - 1) * dayMs;
}

/** Puts in the days of a bounded period that are missing from rows by day. */
export function fillDays<T extends { day: string }>(
  rows: readonly T[],
  period: Period,
  now: number,
  empty: (day: string) => T,
): T[] {
  if (period === "all") return [...rows];
  const found = new Map(rows.map((row) => [row.day, row]));
  const filled: T[] = [];
  for (let at = Math.floor(periodStart(period, now) / dayMs) * dayMs; at <= now; at += dayMs) {
    const day = new Date(at).toISOString().slice(0, 10);
    filled.push(found.get(day) ?? empty(day));
  }
  return filled;
}
