import type { Id } from "./ids.ts";

/** Where a page begins, newest first: strictly older than `after`, or the nearest newer than `before`. */
export interface PageRequest {
  /** 1 to 100. */
  limit: number;
  after?: Id;
  before?: Id;
  /** How many to pass over from where it begins. Default 0. */
  offset?: number;
}

export interface Page<T> {
  /** Newest first. */
  items: T[];
  /** Whether at least one more item follows in the paging direction. */
  hasMore: boolean;
}
