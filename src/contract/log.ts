import type { StoredEvent } from "./events.ts";

/** The log of an execution from some number on, for one reader to follow. */
export interface Log {
  /** Nothing is read before the first `resume`. */
  follow(reader: LogReader): Following;
}

/**
 * Whoever follows a log. It is called back rather than resumed: ten thousand readers that wait cost what these objects
 * cost, and nothing beside them.
 */
export interface LogReader {
  /**
   * The next events, in the order of their numbers.
   * @returns how many of them it takes, from the first on; when it leaves some, they come again after `resume`
   */
  take(events: readonly StoredEvent[]): number;
  /** The log has come to its end. @param last the event it ended with; undefined when none was left to read */
  end(last: StoredEvent | undefined): void;
  /** The log cannot be read on, or `take` threw. */
  fail(error: unknown): void;
}

/** One reader's hold on a log. */
export interface Following {
  /** Says that the reader takes more; to be called once at the beginning, and again after each `take` that left some. */
  resume(): void;
  /** The reader is called no more. */
  stop(): void;
}

/** A log of which nothing is left to read. */
export const emptyLog: Log = {
  follow: (reader) => ({ resume: () => reader.end(undefined), stop: () => undefined }),
};
