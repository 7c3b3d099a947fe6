/** Every item of a list, newest first, page after page, each item once. */
export async function* walkPages(list, query) {
    for (let at = query; at !== undefined;) {
        const page = await list(at);
        yield* page.data;
        at = page.hasMore && page.nextCursor !== undefined ? { ...query, after: page.nextCursor } : undefined;
    }
}
//# sourceMappingURL=walk-pages.js.map