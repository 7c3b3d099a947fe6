import { expect, test } from "vitest";
import { periodEnd } from "./subscription-period.ts";

const at = (text: string) => Date.parse(text);

test.each([
  ["weekly", "2026-01-01T10:00:00.000Z", "2026-01-08T10:00:00.000Z"],
  ["monthly", "2026-01-15T10:00:00.123Z", "2026-02-15T10:00:00.123Z"],
  ["monthly", "2026-01-31T23:59:59.000Z", "2026-02-28T23:59:59.000Z"],
  ["Monthly", "2026-12-31T00:00:00.000Z", "2027-01-31T00:00:00.000Z"],
  ["annual", "2028-02-29T12:00:00.000Z", "2029-02-28T12:00:00.000Z"],
])("a %s period from %s ends at %s", (plan, start, end) => {
  expect(periodEnd(plan, at(start))).toBe(at(end));
});

test("what is bought once, or is unknown, does not end", () => {
  expect(periodEnd("one_time", 0)).toBeNull();
  expect(periodEnd("platinum", 0)).toBeNull();
});
