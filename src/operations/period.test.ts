import { expect, test } from "vitest";
import { fillDays, periodStart } from "./period.ts";

const now = Date.UTC(2026, 2, 15, 10, 30);

test("days are whole days with today, hours go back from now", () => {
  expect(periodStart({ unit: "days", count: 7 }, now)).toBe(Date.UTC(2026, 2, 9));
  expect(periodStart({ unit: "hours", count: 24 }, now)).toBe(Date.UTC(2026, 2, 14, 10, 30));
  expect(periodStart("all", now)).toBe(0);
});

test("a period of any length begins at some time", () => {
  expect(periodStart({ unit: "days", count: 0 }, now)).toBe(Date.UTC(2026, 2, 15));
  const longest = periodStart({ unit: "days", count: 1e300 }, now);
  expect(longest).toBe(periodStart({ unit: "days", count: 3660 }, now));
  expect(periodStart({ unit: "hours", count: Number.MAX_SAFE_INTEGER }, now)).toBeGreaterThan(0);
});

test("days that are missing are put in", () => {
  const rows = [{ day: "2026-03-14", count: 2 }];
  const filled = fillDays(rows, { unit: "days", count: 3 }, now, (day) => ({ day, count: 0 }));
  expect(filled).toEqual([
    { day: "2026-03-13", count: 0 },
    { day: "2026-03-14", count: 2 },
    { day: "2026-03-15", count: 0 },
  ]);
  expect(fillDays(rows, "all", now, (day) => ({ day, count: 0 }))).toEqual(rows);
});
