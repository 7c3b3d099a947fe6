/** ISO 8601 in UTC, with `Z`. @param at epoch milliseconds */
export function renderTime(at: number): string {
  return new Date(at).toISOString();
}
