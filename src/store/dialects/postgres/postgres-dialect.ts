import type { SqlDialect } from "../../database.ts";
import { unspacedClass } from "../../unspaced-text.ts";

const unspaced = unspacedClass((codePoint) => `\\U${codePoint.toString(16).padStart(8, "0")}`);

export const postgresDialect: SqlDialect = {
  name: "postgres",
  columns: { integer: "bigint", bytes: "bytea" },
  clustered: "",
  memorySearchSchema: [
    `alter table memory_entry add column search tsvector generated always as
      (to_tsvector('simple', coalesce(key, '') || ' ' || content)) stored`,
    `create index memory_entry_search on memory_entry using gin (search)`,
  ],
  unspacedMemorySearchSchema: [
    `alter table memory_entry drop column search`,
    `alter table memory_entry add column search tsvector generated always as
      (to_tsvector('simple', regexp_replace(coalesce(key, '') || ' ' || content, '(${unspaced})', ' \\1 ', 'g'))) stored`,
    `create index memory_entry_search on memory_entry using gin (search)`,
  ],
  searchMemory: ({ storeId, words, limit }) => ({
    sql: `select memory_entry.*, ts_rank(search, query)::float8 as score
      from memory_entry, to_tsquery('simple', $1) query
      where store_id = $2 and search @@ query order by score desc, id desc limit $3`,
    params: [words.map((word) => `'${word.replaceAll("\\", " ").replaceAll("'", "''")}'`).join(" | "), storeId, limit],
    returnsRows: true,
  }),
  jsonField: (column, field) => `(${column}::jsonb ->> '${field}')`,
  dayOf: (column) => `to_char(to_timestamp(${column} / 1000) at time zone 'UTC', 'YYYY-MM-DD')`,
};
