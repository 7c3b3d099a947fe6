import type { Page, PageQuery } from "./types.ts";

/** Every item of a list, newest first, page after page, each item once. */
export async function* walkPages<T, Q extends PageQuery>(
  list: (query: Q) => Promise<Page<T>>,
  query: Q,
): AsyncGenerator<T, void> {
  for (let at: Q | undefined = query; at !== undefined;) {
    const page: Page<T> = await list(at);
    yield* page.data;
    at = page.hasMore && page.nextCursor !== undefined ? { ...query, after: page.nextCursor } : undefined;
  }
}
