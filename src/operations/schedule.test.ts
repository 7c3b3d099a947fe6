import { describe, expect, test } from "vitest";
import { checkSchedule, nextTime } from "./schedule.ts";

const from = Date.parse("2026-03-15T10:30:00Z");
const at = (expression: string, timeZone = "UTC", after = from) => {
  const next = nextTime({ expression, timeZone }, after);
  return next === null ? null : new Date(next).toISOString();
};
const refusal = (expression: string, timeZone = "UTC") => {
  try {
    return checkSchedule({ expression, timeZone }, from);
  } catch (error) {
    return error;
  }
};

describe("a schedule", () => {
  test("gives the next time strictly after a moment, in its zone", () => {
    expect(at("30 10 * * *")).toBe("2026-03-16T10:30:00.000Z");
    expect(at("*/5 * * * * *")).toBe("2026-03-15T10:30:05.000Z");
    expect(at("0 9 * * 1-5", "Europe/Berlin")).toBe("2026-03-16T08:00:00.000Z");
    expect(at("@daily", "America/New_York")).toBe("2026-03-16T04:00:00.000Z");
    expect(at("2026-04-01T00:00:00", "Europe/Berlin")).toBe("2026-03-31T22:00:00.000Z");
  });

  test("comes right after the hour that daylight saving leaves out, and once in the hour that it repeats", () => {
    expect(at("30 2 * * *", "Europe/Berlin", Date.parse("2026-03-28T12:00:00Z"))).toBe("2026-03-29T01:00:00.000Z");
    const autumn = Date.parse("2026-10-24T22:00:00Z");
    expect(at("30 2 * * *", "Europe/Berlin", autumn)).toBe("2026-10-25T00:30:00.000Z");
    expect(at("30 2 * * *", "Europe/Berlin", Date.parse("2026-10-25T00:30:00Z"))).toBe("2026-10-26T01:30:00.000Z");
  });

  test("has none left after its only time", () => {
    expect(at("2026-01-01T00:00:00Z")).toBeNull();
  });

  test.each([
    "",
    "nonsense",
    "* * * *",
    "61 * * * *",
    "@reboot",
    "0 0 30 2 *",
    "2020-01-01T00:00:00Z",
    "* ".repeat(500),
  ])("%j is refused with the field", (expression) =>
    expect(refusal(expression)).toMatchObject({ code: "invalid_field_value", param: "schedule" }),
  );

  test.each(["Mars/Base", "", "+02:00", "Europe/Berlin; drop"])("the zone %j is refused with the field", (timeZone) =>
    expect(refusal("* * * * *", timeZone)).toMatchObject({ code: "invalid_field_value", param: "timeZone" }),
  );
});
