import { describe, expect, it } from "vitest";
import type { JsonObject } from "../contract/json.ts";
import { createDatetime } from "./datetime.ts";
import { guardTool } from "./guard-tool.ts";
import type { ToolResult } from "./tool.ts";

const tool = guardTool(createDatetime({ now: () => Date.UTC(2025, 2, 30, 12, 0, 0) }), ({ error }) => {
  throw error;
});

function call(input: JsonObject): Promise<ToolResult> {
  return tool.call(input, {
    callId: "tc",
    organizationId: "o",
    agentId: "a",
    executionId: "e",
    conversationId: "c",
    metadata: {},
    session: {},
    signal: new AbortController().signal,
  });
}

describe("datetime", () => {
  it("tells the time in a zone", async () => {
    expect(await call({ operation: "now", timeZone: "Asia/Kathmandu" })).toEqual({
      output: {
        iso: "2025-03-30T17:45:00+05:45",
        timeZone: "Asia/Kathmandu",
        date: "2025-03-30",
        weekday: "Sunday",
        epochSeconds: 1_743_336_000,
      },
    });
    expect((await call({ operation: "now" })).output).toMatchObject({ iso: "2025-03-30T12:00:00Z", timeZone: "UTC" });
  });

  it.each<[JsonObject, string]>([
    [{ time: "2025-03-30T14:00:00+02:00", toTimeZone: "America/New_York" }, "2025-03-30T08:00:00-04:00"],
    [{ time: "2025-01-15 09:30", timeZone: "Europe/Berlin", toTimeZone: "UTC" }, "2025-01-15T08:30:00Z"],
    [{ time: "2025-01-15", timeZone: "Asia/Tokyo", toTimeZone: "UTC" }, "2025-01-14T15:00:00Z"],
    [{ time: "2025-01-15T00:00:00.5Z", toTimeZone: "UTC" }, "2025-01-15T00:00:00.500Z"],
    [{ time: "1969-12-31T23:59:59.250Z", toTimeZone: "Europe/Paris" }, "1970-01-01T00:59:59.250+01:00"],
    // The hour from 2 to 3 does not exist on this day; the one from 2 to 3 in autumn exists twice.
    [{ time: "2025-03-30T02:30", timeZone: "Europe/Berlin", toTimeZone: "Europe/Berlin" }, "2025-03-30T03:30:00+02:00"],
    [{ time: "2025-10-26T02:30", timeZone: "Europe/Berlin", toTimeZone: "Europe/Berlin" }, "2025-10-26T02:30:00+02:00"],
  ])("converts %j", async (input, iso) => {
    expect((await call({ operation: "convert", ...input })).output).toMatchObject({ iso });
  });

  it.each<[JsonObject, string]>([
    [{ time: "2025-01-31T10:00Z", months: 1 }, "2025-02-28T10:00:00Z"],
    [{ time: "2024-02-29T10:00Z", years: 1 }, "2025-02-28T10:00:00Z"],
    [{ time: "2025-01-15T10:00Z", months: -13 }, "2023-12-15T10:00:00Z"],
    [{ time: "2025-12-31", weeks: 1, days: 1 }, "2026-01-08T00:00:00Z"],
    [{ time: "2025-01-01T00:00Z", hours: 1.5, seconds: 1 }, "2025-01-01T01:30:01Z"],
    // A day over the change of clocks keeps the clock time, 24 hours do not.
    [{ time: "2025-03-29T12:00", timeZone: "Europe/Berlin", days: 1 }, "2025-03-30T12:00:00+02:00"],
    [{ time: "2025-03-29T12:00", timeZone: "Europe/Berlin", hours: 24 }, "2025-03-30T13:00:00+02:00"],
    [{ days: 1 }, "2025-03-31T12:00:00Z"],
  ])("adds %j", async (input, iso) => {
    expect((await call({ operation: "add", ...input })).output).toMatchObject({ iso });
  });

  it("measures the difference of two times", async () => {
    const input = {
      operation: "difference",
      time: "2025-03-29T12:00",
      until: "2025-03-30T12:00",
      timeZone: "Europe/Berlin",
    };
    expect((await call(input)).output).toMatchObject({
      totalHours: 23,
      calendarDays: 1,
      days: 0,
      hours: 23,
      negative: false,
    });
    expect((await call({ ...input, time: input.until, until: input.time })).output).toMatchObject({
      totalHours: -23,
      calendarDays: -1,
      hours: 23,
      negative: true,
    });
  });

  it("formats a time for a locale", async () => {
    const { output } = await call({ operation: "format", time: "2025-03-30", locale: "de-DE", style: "full" });
    expect(output).toMatchObject({ text: expect.stringContaining("Sonntag, 30. März 2025") });
  });

  it.each<[JsonObject, RegExp]>([
    [{ operation: "now", timeZone: "Mars/Olympus" }, /time zone Mars\/Olympus is not known/],
    [{ operation: "convert", time: "tomorrow" }, /Expected a time such as/],
    [{ operation: "convert", time: "2025-02-29" }, /no date and time that exists/],
    [{ operation: "convert", time: "2025-01-01T25:00" }, /no date and time that exists/],
    [{ operation: "convert" }, /needs time/],
    [{ operation: "add", time: "2025-01-01" }, /add needs one of/],
    [{ operation: "add", months: 0.5 }, /whole number/],
    [{ operation: "add", years: 1_000_000 }, /outside the years/],
    [{ operation: "add", weeks: -1_000_000 }, /outside the years/],
    [{ operation: "difference" }, /needs until/],
    [{ operation: "format", locale: "!!" }, /locale !! is not known/],
    [{ operation: "sleep" }, /expected one of/],
  ])("says what is wrong with %j", async (input, problem) => {
    expect((await call(input)).error?.message).toMatch(problem);
  });
});
