import type { Json, JsonObject, JsonSchema } from "../contract/json.ts";
import type { ToolClock } from "./tool-clock.ts";
import { toolFailure, type ToolResult, type ToolWork } from "./tool.ts";
import {
  daysInMonth,
  epochOfUtc,
  epochOfWallTime,
  isTimeZone,
  type WallTime,
  wallTimeAt,
  writeIso,
} from "./zoned-time.ts";

const operations = ["now", "convert", "add", "difference", "format"] as const;
const units = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"] as const;

const time: JsonObject = {
  type: "string",
  maxLength: 64,
  description:
    "ISO 8601, for example 2025-03-30T14:00:00+02:00, 2025-03-30T14:00 (clock time in timeZone), 2025-03-30, or now",
};

const parameters: JsonSchema = {
  type: "object",
  properties: {
    operation: {
      enum: [...operations],
      description:
        "now: the current time; convert: time to another zone; add: amounts to time; difference: from time to until; format: time as text",
    },
    timeZone: { type: "string", maxLength: 64, description: "IANA name such as Europe/Berlin; default UTC" },
    toTimeZone: { type: "string", maxLength: 64, description: "For convert" },
    time,
    until: { ...time, description: "For difference; same forms as time" },
    ...Object.fromEntries(units.map((unit) => [unit, { type: "number", minimum: -1e6, maximum: 1e6 }])),
    locale: { type: "string", maxLength: 35, description: "For format: a BCP 47 tag such as de-DE; default en-US" },
    style: { enum: ["full", "long", "medium", "short"], description: "For format; default long" },
  },
  required: ["operation"],
  additionalProperties: false,
};

/** Dates and times in any zone, by the tables that the runtime's Intl has. */
export function createDatetime(clock: Pick<ToolClock, "now">): ToolWork {
  return {
    name: "datetime",
    description:
      "Tells the current date and time in a time zone, converts between zones, adds to a time, measures the difference of two times, formats a time.",
    parameters,
    effect: "safe",
    async run(input) {
      try {
        return { output: compute(input, clock.now()) };
      } catch (error) {
        if (error instanceof Problem) return toolFailure(error.message);
        throw error;
      }
    },
  };
}

/** What is wrong with the input. */
class Problem extends Error {}

function compute(input: JsonObject, nowMs: number): NonNullable<ToolResult["output"]> {
  const timeZone = readTimeZone(input["timeZone"] ?? "UTC");
  const at = readTime(input["time"] ?? "now", timeZone, nowMs);
  switch (input["operation"]) {
    case "now":
      return showTime(nowMs, timeZone);
    case "convert": {
      if (input["time"] === undefined) throw new Problem("convert needs time.");
      return showTime(at, readTimeZone(input["toTimeZone"] ?? input["timeZone"] ?? "UTC"));
    }
    case "add":
      return showTime(add(at, timeZone, readAmounts(input)), timeZone);
    case "difference": {
      if (input["until"] === undefined) throw new Problem("difference needs until, and time when it is not now.");
      return difference(at, readTime(input["until"], timeZone, nowMs), timeZone);
    }
    case "format":
      return { ...showTime(at, timeZone), text: format(at, timeZone, input) };
    default:
      throw new Problem(`Expected one of the operations ${operations.join(", ")}.`);
  }
}

function showTime(epochMs: number, timeZone: string): { [key: string]: Json } {
  const iso = writeIso(epochMs, timeZone);
  const weekday = new Intl.DateTimeFormat("en-US", { timeZone, weekday: "long" }).format(epochMs);
  return { iso, timeZone, date: iso.slice(0, iso.indexOf("T")), weekday, epochSeconds: Math.floor(epochMs / 1000) };
}

function readTimeZone(name: Json): string {
  const timeZone = String(name);
  if (!isTimeZone(timeZone)) {
    throw new Problem(`The time zone ${timeZone} is not known. Use an IANA name such as America/New_York, or UTC.`);
  }
  return timeZone;
}

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** Epoch milliseconds of a text; a text without an offset is clock time in the zone. */
function readTime(value: Json, timeZone: string, nowMs: number): number {
  const text = String(value).trim();
  if (text.toLowerCase() === "now") return nowMs;
  const match = isoPattern.exec(text);
  if (match === null) {
    throw new Problem(`Expected a time such as 2025-03-30T14:00:00+02:00 or 2025-03-30, came ${JSON.stringify(text)}.`);
  }
  const part = (index: number): number => Number(match[index] ?? "0");
  const wall: WallTime = {
    year: part(1),
    month: part(2),
    day: part(3),
    hour: part(4),
    minute: part(5),
    second: part(6),
    millisecond: Number((match[7] ?? "").padEnd(3, "0").slice(0, 3)),
  };
  const inRange =
    wall.month >= 1 && wall.month <= 12 && wall.day >= 1 && wall.day <= daysInMonth(wall.year, wall.month);
  if (!inRange || wall.hour > 23 || wall.minute > 59 || wall.second > 59) {
    throw new Problem(`${JSON.stringify(text)} is no date and time that exists.`);
  }
  const offset = match[8];
  return offset === undefined ? epochOfWallTime(wall, timeZone) : epochOfUtc(wall) - readOffsetMs(offset);
}

function readOffsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (offset.startsWith("-") ? -1 : 1) * minutes * 60_000;
}

type Amounts = Record<(typeof units)[number], number>;

function readAmounts(input: JsonObject): Amounts {
  const amount = (unit: (typeof units)[number]): number => {
    const value = input[unit];
    return typeof value === "number" ? value : 0;
  };
  const amounts: Amounts = {
    years: amount("years"),
    months: amount("months"),
    weeks: amount("weeks"),
    days: amount("days"),
    hours: amount("hours"),
    minutes: amount("minutes"),
    seconds: amount("seconds"),
  };
  if (Object.values(amounts).every((value) => value === 0)) throw new Problem(`add needs one of ${units.join(", ")}.`);
  for (const unit of ["years", "months", "weeks", "days"] as const) {
    if (!Number.isInteger(amounts[unit]))
      throw new Problem(`${unit} must be a whole number; use hours for parts of a day.`);
  }
  return amounts;
}

/** Years to days move the calendar and keep the clock time; hours to seconds are exact. A day that a month lacks is its last. */
function add(epochMs: number, timeZone: string, amounts: Amounts): number {
  const wall = wallTimeAt(epochMs, timeZone);
  const months = wall.year * 12 + (wall.month - 1) + amounts.years * 12 + amounts.months;
  const year = Math.floor(months / 12);
  if (year < 1 || year > 9999) throw new Problem("The result lies outside the years 1 to 9999.");
  const month = months - year * 12 + 1;
  const day = Math.min(wall.day, daysInMonth(year, month)) + amounts.weeks * 7 + amounts.days;
  const calendarMoves = amounts.years !== 0 || amounts.months !== 0 || amounts.weeks !== 0 || amounts.days !== 0;
  const moved = calendarMoves ? epochOfWallTime(carried({ ...wall, year, month, day }), timeZone) : epochMs;
  const result = moved + Math.round((amounts.hours * 3600 + amounts.minutes * 60 + amounts.seconds) * 1000);
  if (!(result >= Date.UTC(1, 0, 2) && result < 253_402_214_400_000)) {
    throw new Problem("The result lies outside the years 1 to 9999.");
  }
  return result;
}

/** The same wall time with each part in its range. */
function carried(wall: WallTime): WallTime {
  return wallTimeAt(epochOfUtc(wall), "UTC");
}

function difference(fromMs: number, untilMs: number, timeZone: string): { [key: string]: Json } {
  const totalSeconds = (untilMs - fromMs) / 1000;
  return {
    from: writeIso(fromMs, timeZone),
    until: writeIso(untilMs, timeZone),
    totalSeconds,
    totalHours: totalSeconds / 3600,
    calendarDays: calendarDay(untilMs, timeZone) - calendarDay(fromMs, timeZone),
    ...breakDown(Math.abs(totalSeconds)),
    negative: totalSeconds < 0,
  };
}

function calendarDay(epochMs: number, timeZone: string): number {
  const wall = { ...wallTimeAt(epochMs, timeZone), hour: 0, minute: 0, second: 0, millisecond: 0 };
  return epochOfUtc(wall) / 86_400_000;
}

function breakDown(totalSeconds: number): { [key: string]: Json } {
  const days = Math.floor(totalSeconds / 86_400);
  const hours = Math.floor((totalSeconds % 86_400) / 3600);
  const minutes = Math.floor((totalSeconds % 3600) / 60);
  const seconds = Math.round((totalSeconds % 60) * 1000) / 1000;
  return { days, hours, minutes, seconds };
}

function format(epochMs: number, timeZone: string, { locale = "en-US", style }: JsonObject): string {
  const length = style === "full" || style === "medium" || style === "short" ? style : "long";
  try {
    return new Intl.DateTimeFormat(String(locale), { timeZone, dateStyle: length, timeStyle: length }).format(epochMs);
  } catch {
    throw new Problem(`The locale ${String(locale)} is not known. Use a tag such as en-US or de-DE.`);
  }
}
