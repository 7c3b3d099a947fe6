import type { SelectQueryBuilder } from "kysely";
import type { Page, PageRequest } from "../contract/page.ts";
import type { Tables } from "../store/tables.ts";

/**
 * Bounds and order of a page over a table with time-sorted ids: one row more than asked for, so that `cutPage` can tell
 * whether there are more. Going back (`before`), the nearest newer rows come oldest first, for `cutPage` to turn round.
 */
export function pageBounds<T extends keyof Tables & TablesWithId, O>(
  query: SelectQueryBuilder<Tables, T, O>,
  page: PageRequest,
): SelectQueryBuilder<Tables, T, O> {
  // The columns of a generic table cannot be named to the builder's types; all these tables have a text `id`.
  const plain = query as unknown as SelectQueryBuilder<{ any: { id: string } }, "any", O>;
  const bounded =
    page.before === undefined
      ? (page.after === undefined ? plain : plain.where("id", "<", page.after)).orderBy("id", "desc")
      : plain.where("id", ">", page.before).orderBy("id", "asc");
  const limited = bounded.limit(page.limit + 1);
  const skipped = page.offset === undefined || page.offset === 0 ? limited : limited.offset(page.offset);
  return skipped as unknown as SelectQueryBuilder<Tables, T, O>;
}

type TablesWithId = {
  [Name in keyof Tables]: Tables[Name] extends { id: string } ? Name : never;
}[keyof Tables];

/** Newest first, without the row that only told whether there are more. */
export function cutPage<T>(rows: readonly T[], page: PageRequest): Page<T> {
  const items = rows.slice(0, page.limit);
  return { items: page.before === undefined ? items : items.toReversed(), hasMore: rows.length > page.limit };
}
