import { RunyardError } from "../../../contract/errors.ts";

/**
 * Reads `startDate` and `endDate`. Both bounds are inclusive and reach as far as they are written: a date is its whole
 * UTC day, a time without fraction its whole second (as answers write times).
 *
 * @returns epoch milliseconds
 * @throws RunyardError `invalid_field_value` for other text, `unprocessable` when the start is after the end
 */
export function readTimeRange(query: { startDate?: string; endDate?: string }): {
  createdFrom?: number;
  createdTo?: number;
} {
  const start = query.startDate === undefined ? undefined : readBound("startDate", query.startDate);
  const end = query.endDate === undefined ? undefined : readBound("endDate", query.endDate);
  if (start !== undefined && end !== undefined && start.first > end.last) {
    throw new RunyardError("unprocessable", '"startDate" must not be later than "endDate".', { param: "endDate" });
  }
  return {
    ...(start !== undefined && { createdFrom: start.first }),
    ...(end !== undefined && { createdTo: end.last }),
  };
}

function readBound(param: string, text: string): { first: number; last: number } {
  const isDate = datePattern.test(text);
  const first = isDate || dateTimePattern.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes the 31st of a short month for a day of the next one.
  const isReal = Number.isFinite(first) && (!isDate || new Date(first).toISOString().startsWith(text));
  if (!isReal) {
    throw new RunyardError(
      "invalid_field_value",
      `"${param}" must be a date YYYY-MM-DD or an RFC 3339 date-time, but is ${JSON.stringify(text.slice(0, 60))}.`,
      { param },
    );
  }
  if (isDate) return { first, last: first + 86_400_000 - 1 };
  return { first, last: text.includes(".") ? first : first + 999 };
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/;
/** @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6 ; a plus in a query may arrive as a space. */
const dateTimePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;
