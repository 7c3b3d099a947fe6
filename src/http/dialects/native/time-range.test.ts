import { describe, expect, it } from "vitest";
import { readTimeRange } from "./time-range.ts";

describe("readTimeRange", () => {
  it("takes a date for its whole UTC day", () => {
    expect(readTimeRange({ startDate: "2026-03-01", endDate: "2026-03-01" })).toEqual({
      createdFrom: Date.UTC(2026, 2, 1),
      createdTo: Date.UTC(2026, 2, 2) - 1,
    });
  });

  it("takes a time as far as it is written", () => {
    expect(readTimeRange({ endDate: "2026-03-01T10:00:00Z" }).createdTo).toBe(Date.UTC(2026, 2, 1, 10, 0, 0, 999));
    expect(readTimeRange({ endDate: "2026-03-01T12:00:00.500+02:00" }).createdTo).toBe(
      Date.UTC(2026, 2, 1, 10, 0, 0, 500),
    );
  });

  it("has no bounds where none are given", () => {
    expect(readTimeRange({})).toEqual({});
  });

  it.each(["yesterday", "2026-3-1", "2026-02-30", "2026-13-01", "2026-03-01T25:00:00Z", "2026-03-01 10:00:00Z", ""])(
    "refuses %j",
    (startDate) => {
      expect(() => readTimeRange({ startDate })).toThrow(
        expect.objectContaining({ code: "invalid_field_value", param: "startDate" }),
      );
    },
  );

  it("refuses a start after the end", () => {
    expect(() => readTimeRange({ startDate: "2026-03-02", endDate: "2026-03-01" })).toThrow(
      expect.objectContaining({ code: "unprocessable", param: "endDate" }),
    );
  });
});
