/**
 * When a period of a plan that begins now is over; null for plans without periods (bought once, or of an unknown name).
 * Months and years keep the day, or take the last one of a month that has no such day.
 *
 * @param start epoch milliseconds
 */
export function periodEnd(planType: string, start: number): number | null {
  switch (planType.toLowerCase()) {
    case "daily":
    case "day":
      return start + dayMs;
    case "weekly":
    case "week":
      return start + 7 * dayMs;
    case "monthly":
    case "month":
      return addMonths(start, 1);
    case "quarterly":
    case "quarter":
      return addMonths(start, 3);
    case "annual":
    case "annually":
    case "yearly":
    case "year":
      return addMonths(start, 12);
    default:
      return null;
  }
}

const dayMs = 24 * 60 * 60 * 1000;

function addMonths(start: number, count: number): number {
  const date = new Date(start);
  const month = date.getUTCMonth() + count;
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), lastDay);
  return Date.UTC(date.getUTCFullYear(), month, day) + (start - Math.floor(start / dayMs) * dayMs);
}
