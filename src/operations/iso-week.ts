const dayMs = 24 * 60 * 60 * 1000;

/** The calendar week of ISO 8601 in UTC, such as `2026-W08`. @param at epoch milliseconds */
export function weekOf(at: number): string {
  const day = Math.floor(at / dayMs);
  // The week belongs to the year that its Thursday is in; 1970 began on a Thursday.
  const thursday = Math.floor((day + 3) / 7) * 7;
  const year = new Date(thursday * dayMs).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / dayMs) / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}
