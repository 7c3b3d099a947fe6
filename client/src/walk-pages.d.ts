import type { Page, PageQuery } from "./types.ts";
/** Every item of a list, newest first, page after page, each item once. */
export declare function walkPages<T, Q extends PageQuery>(list: (query: Q) => Promise<Page<T>>, query: Q): AsyncGenerator<T, void>;
