import type { SqlDialect } from "../database.ts";

/** Memory is found by any part of a run of Han, kana or Hangul. What is stored is indexed anew. */
export function unspacedMemory(dialect: SqlDialect): readonly string[] {
  return dialect.unspacedMemorySearchSchema;
}
