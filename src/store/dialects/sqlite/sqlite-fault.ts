import { StoreUnavailable } from "../../statement.ts";

/** What SQLite said of a statement that failed, as threads tell it to each other. */
export interface SqliteFault {
  message: string;
  /** Whether the reason is outside of the statement, so that the same one can succeed later. */
  isOutside: boolean;
}

export function faultOf(error: unknown): SqliteFault {
  if (!(error instanceof Error)) return { message: String(error), isOutside: false };
  const code = "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return { message: error.message, isOutside: outside.has(code) };
}

/** What callers get of it. @param what was asked for: "a read", "a write" */
export function errorOf({ message, isOutside }: SqliteFault, what: string, cause?: unknown): Error {
  const options = cause === undefined ? {} : { cause };
  const detail = `The database did not take ${what}: ${message}`;
  return isOutside ? new StoreUnavailable(detail, options) : new Error(detail, options);
}

/**
 * Busy, locked, no memory, read-only, an error of the disk, a full one, a file that cannot be opened.
 * @see https://www.sqlite.org/rescode.html
 */
const outside: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14]);
