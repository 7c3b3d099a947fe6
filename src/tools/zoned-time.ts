/** A moment as clocks in one zone show it. Months from 1. */
export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether the runtime knows this IANA time zone. Its own spelling of it may be an older one (Asia/Calcutta). */
export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** What clocks in the zone show at a moment (epoch milliseconds). */
export function wallTimeAt(epochMs: number, timeZone: string): WallTime {
  const parts = new Map<string, number>();
  for (const { type, value } of formatterOf(timeZone).formatToParts(epochMs)) parts.set(type, Number(value));
  const part = (name: string): number => parts.get(name) ?? 0;
  return {
    year: part("year"),
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
    millisecond: ((epochMs % 1000) + 1000) % 1000,
  };
}

/** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
function zoneOffsetMs(epochMs: number, timeZone: string): number {
  return epochOfUtc(wallTimeAt(epochMs, timeZone)) - epochMs;
}

/**
 * The moment at which clocks in the zone show this. Of two (clocks set back) the earlier; where there is none (clocks set
 * forward) the wall time is moved on by the length of the gap, as RFC 5545 §3.3.5 has it.
 */
export function epochOfWallTime(wall: WallTime, timeZone: string): number {
  const asUtc = epochOfUtc(wall);
  const dayMs = 86_400_000;
  const before = zoneOffsetMs(asUtc - dayMs, timeZone);
  const after = zoneOffsetMs(asUtc + dayMs, timeZone);
  for (const offset of [before, after]) {
    if (zoneOffsetMs(asUtc - offset, timeZone) === offset) return asUtc - offset;
  }
  return asUtc - before;
}

/** The moment that a wall time is in UTC; out-of-range parts carry over. */
export function epochOfUtc({ year, month, day, hour, minute, second, millisecond }: WallTime): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would read years below 100 as 19xx
  return date.setUTCHours(hour, minute, second, millisecond);
}

export function daysInMonth(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

/** `2025-03-30T03:30:00+02:00`, with milliseconds only when there are some. */
export function writeIso(epochMs: number, timeZone: string): string {
  const wall = wallTimeAt(epochMs, timeZone);
  const fraction = wall.millisecond === 0 ? "" : `.${pad(wall.millisecond, 3)}`;
  const time = `${pad(wall.hour)}:${pad(wall.minute)}:${pad(wall.second)}${fraction}`;
  return `${pad(wall.year, 4)}-${pad(wall.month)}-${pad(wall.day)}T${time}${writeOffset(zoneOffsetMs(epochMs, timeZone))}`;
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, "0");
}

function writeOffset(offsetMs: number): string {
  if (offsetMs === 0) return "Z";
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Making one costs more than using it a hundred times. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    // Zones are few, but their names come from models and offsets count as names.
    if (formatters.size >= 200) formatters.clear();
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
