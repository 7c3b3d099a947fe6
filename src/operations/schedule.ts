import { Cron } from "croner";
import { RunyardError } from "../contract/errors.ts";

/** No expression that a person writes is longer; the bound keeps the work of reading one small. */
const longestSchedule = 200;

export interface Schedule {
  /** A cron expression, a nickname or one ISO 8601 time; see `Job.schedule`. */
  expression: string;
  timeZone: string;
}

/**
 * The first time of the schedule after `from`; null when there is none left. Times that the clock change of a zone leaves
 * out come right after the gap, those that it repeats come once.
 *
 * @param from epoch milliseconds; so is the result
 * @throws whatever an expression that did not pass `checkSchedule` makes the reader throw
 */
export function nextTime({ expression, timeZone }: Schedule, from: number): number | null {
  const cron = new Cron(expression, { timezone: timeZone, paused: true });
  return cron.nextRun(new Date(from))?.getTime() ?? null;
}

/**
 * The first time of a schedule that somebody sends.
 * @throws `invalid_field_value` for an expression or a zone that cannot be read, and for a schedule that never comes
 */
export function checkSchedule(schedule: Schedule, from: number): number {
  checkTimeZone(schedule.timeZone);
  const first = readFirst(schedule, from);
  if (first !== null) return first;
  throw new RunyardError("invalid_field_value", `The schedule ${show(schedule.expression)} has no time to come.`, {
    param: "schedule",
  });
}

/** @throws `invalid_field_value` */
export function checkTimeZone(timeZone: string): void {
  // The platform also takes offsets such as `+02:00`, which know no daylight saving time and are no names.
  if (/^[A-Za-z]/.test(timeZone) && isKnownZone(timeZone)) return;
  throw new RunyardError(
    "invalid_field_value",
    `The time zone must be a name of the IANA database such as Europe/Berlin, but is ${show(timeZone)}.`,
    { param: "timeZone" },
  );
}

function isKnownZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function readFirst(schedule: Schedule, from: number): number | null {
  try {
    if (schedule.expression.length > longestSchedule) throw new RangeError("It is too long.");
    return nextTime(schedule, from);
  } catch (error) {
    throw new RunyardError(
      "invalid_field_value",
      `The schedule must be a cron expression (five fields, or six with seconds first), a nickname such as @daily or an ISO 8601 time, but is ${show(schedule.expression)}.`,
      { param: "schedule", cause: error },
    );
  }
}

function show(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60).toWellFormed()}…`);
}
