import { RunyardError } from "../../../contract/errors.ts";
import { type Id, type IdKind, readId, spellId } from "../../../contract/ids.ts";
import type { Page, PageRequest } from "../../../contract/page.ts";

export interface PageQuery {
  limit: number;
  after?: string | undefined;
  before?: string | undefined;
}

/** How cursors of a list are spelled: natively, or as the plain UUID for organizations. */
export type CursorKind = IdKind | "organization";

/** @throws RunyardError `invalid_field_value` for both cursors at once or a malformed one */
export function readPage(kind: CursorKind, { limit, after, before }: PageQuery): PageRequest {
  if (after !== undefined && before !== undefined) {
    throw new RunyardError("invalid_field_value", 'Send either "after" or "before", not both.', { param: "before" });
  }
  if (after !== undefined) return { limit, after: readCursor(kind, "after", after) };
  if (before !== undefined) return { limit, before: readCursor(kind, "before", before) };
  return { limit };
}

function readCursor(kind: CursorKind, param: string, text: string): Id {
  const id = kind === "organization" ? readPlainId(text) : readId(kind, text);
  if (id !== undefined) return id;
  const shown = JSON.stringify(text.slice(0, 60));
  const message = `"${param}" must be the nextCursor of a page of this list, but is ${shown}.`;
  throw new RunyardError("invalid_field_value", message, { param });
}

function readPlainId(text: string): Id | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}

/** The envelope of a list. The cursor is the item at the end that paging goes on from. */
export function renderPage<T extends { id: Id }, W>(
  kind: CursorKind,
  request: PageRequest,
  page: Page<T>,
  render: (item: T) => W,
): { data: W[]; hasMore: boolean; nextCursor?: string } {
  const data = page.items.map(render);
  const edge = request.before === undefined ? page.items.at(-1) : page.items[0];
  if (!page.hasMore || edge === undefined) return { data, hasMore: false };
  return { data, hasMore: true, nextCursor: kind === "organization" ? edge.id : spellId(kind, edge.id) };
}
