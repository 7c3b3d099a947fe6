import type { Period } from "../../../contract/analytics.ts";

const week: Period = { unit: "days", count: 7 };

/** `24h`, `7d`, `4w`, `3m`, `1y`, `all`. Anything else is the default. */
export function readPeriod(text: string, otherwise: Period = week): Period {
  if (/^(all|all_time|max)$/i.test(text)) return "all";
  const [, digits, unit] = /^(\d{1,6})\s*(h|d|w|m|y)$/i.exec(text.trim()) ?? [];
  const count = Number(digits);
  if (digits === undefined || count === 0) return otherwise;
  switch (unit?.toLowerCase()) {
    case "h":
      return { unit: "hours", count };
    case "d":
      return { unit: "days", count };
    case "w":
      return { unit: "days", count: count * 7 };
    case "m":
      return { unit: "days", count: count * 30 };
    case "y":
      return { unit: "days", count: count * 365 };
    default:
      return otherwise;
  }
}

/** As it was understood. */
export function renderPeriod(period: Period): string {
  return period === "all" ? "all" : `${period.count}${period.unit === "hours" ? "h" : "d"}`;
}
