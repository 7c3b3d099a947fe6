import { expect, test } from "vitest";
import { weekOf } from "./iso-week.ts";

test.each([
  ["2026-01-01T00:00:00Z", "2026-W01"],
  ["2026-01-04T23:59:59Z", "2026-W01"],
  ["2026-01-05T00:00:00Z", "2026-W02"],
  ["2027-01-01T00:00:00Z", "2026-W53"],
  ["2024-12-30T00:00:00Z", "2025-W01"],
  ["1970-01-01T00:00:00Z", "1970-W01"],
])("%s lies in %s", (time, week) => {
  expect(weekOf(Date.parse(time))).toBe(week);
});
