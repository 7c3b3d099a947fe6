import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import type { Database } from "../store/database.ts";
import { searchedParts } from "../store/unspaced-text.ts";
import { readMemoryEntry } from "./memory-row.ts";

const maxWords = 32;

/**
 * The entries of a store that have any word of the query in key or content, best first; none for a query without words.
 * The caller has made sure whose store it is.
 */
export async function searchMemory(
  database: Database,
  search: { storeId: Id; query: string; limit: number },
): Promise<MemoryEntry[]> {
  const words = wordsOf(search.query);
  if (words.length === 0) return [];
  const { storeId, limit } = search;
  const rows = await database.read(database.dialect.searchMemory({ storeId, words, limit }));
  return rows.map(readMemoryEntry);
}

/**
 * Runs of letters and digits of any script, with the marks on them, and where a script is written without spaces each two
 * characters that stand together; each once, the first 32.
 */
export function wordsOf(query: string): string[] {
  const words = new Set<string>();
  for (const [word] of query.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu)) {
    for (const part of searchedParts(word.toLowerCase())) {
      words.add(part);
      if (words.size === maxWords) return [...words];
    }
  }
  return [...words];
}
