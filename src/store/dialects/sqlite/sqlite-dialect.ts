import type { SqlDialect } from "../../database.ts";

export const sqliteDialect: SqlDialect = {
  name: "sqlite",
  columns: { integer: "integer", bytes: "blob" },
  clustered: "without rowid",
  memorySearchSchema: [
    `create virtual table memory_search using fts5 (
      entry_id unindexed, store_id unindexed, key, content, tokenize = 'unicode61 remove_diacritics 2')`,
    // FTS5 finds a row fast by its rowid only, and the rowids of other tables may change in a vacuum.
    `create table memory_search_row (id integer primary key, entry_id text not null unique)`,
    `create trigger memory_entry_added after insert on memory_entry begin
      insert into memory_search_row (entry_id) values (new.id);
      insert into memory_search (rowid, entry_id, store_id, key, content)
        select id, new.id, new.store_id, new.key, new.content from memory_search_row where entry_id = new.id;
    end`,
    `create trigger memory_entry_changed after update of key, content on memory_entry begin
      update memory_search set key = new.key, content = new.content
        where rowid = (select id from memory_search_row where entry_id = new.id);
    end`,
    `create trigger memory_entry_removed after delete on memory_entry begin
      delete from memory_search where rowid = (select id from memory_search_row where entry_id = old.id);
      delete from memory_search_row where entry_id = old.id;
    end`,
  ],
  unspacedMemorySearchSchema: [
    `drop trigger memory_entry_added`,
    `drop trigger memory_entry_changed`,
    `create trigger memory_entry_added after insert on memory_entry begin
      insert into memory_search_row (entry_id) values (new.id);
      insert into memory_search (rowid, entry_id, store_id, key, content)
        select id, new.id, new.store_id, space_out(new.key), space_out(new.content)
        from memory_search_row where entry_id = new.id;
    end`,
    `create trigger memory_entry_changed after update of key, content on memory_entry begin
      update memory_search set key = space_out(new.key), content = space_out(new.content)
        where rowid = (select id from memory_search_row where entry_id = new.id);
    end`,
    `update memory_search set key = space_out(key), content = space_out(content)`,
  ],
  searchMemory: ({ storeId, words, limit }) => ({
    // bm25 is lower for better matches.
    sql: `select memory_entry.*, -bm25(memory_search) as score from memory_search
      join memory_entry on memory_entry.id = memory_search.entry_id
      where memory_search match ? and memory_search.store_id = ?
      order by score desc, memory_entry.id desc limit ?`,
    params: [words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" OR "), storeId, limit],
    returnsRows: true,
  }),
  jsonField: (column, field) => `json_extract(${column}, '$.${field}')`,
  dayOf: (column) => `strftime('%Y-%m-%d', ${column} / 1000, 'unixepoch')`,
};
