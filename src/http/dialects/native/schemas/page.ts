import { z } from "zod";

/** A query parameter that is a whole number. Queries are text. */
export function wholeNumberQuery(low: number, high: number) {
  return z.preprocess((value, context) => {
    if (typeof value === "string" && /^-?\d{1,15}$/.test(value)) return Number(value);
    context.addIssue({ code: "custom", message: "a whole number" });
    return z.NEVER;
  }, z.int().min(low).max(high));
}

export const pageQuery = {
  limit: wholeNumberQuery(1, 100).default(20).describe("Items on the page. Default 20."),
  after: z.string().optional().describe("Cursor: items after this id in list order, so older ones."),
  before: z.string().optional().describe("Cursor: the nearest items before this id, so newer ones."),
};

export const pageQuerySchema = z.object(pageQuery);

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item).describe("Newest first."),
    hasMore: z.boolean().describe("Whether more items follow in the paging direction."),
    nextCursor: z.string().optional().describe("What to send as `after` (or `before`) next; absent on the last page."),
  });
}

export function deletedSchema(noun: string) {
  return z.object({ id: z.string().describe(`The id of the ${noun}.`), deleted: z.literal(true) });
}
