import type { Database } from "../store/database.ts";

/** Makes something once for each database and remembers it as long as the database lives: compiled statements, caches. */
export function perDatabase<T>(make: (database: Database) => T): (database: Database) => T {
  const made = new WeakMap<Database, T>();
  return (database) => {
    let known = made.get(database);
    if (known === undefined) {
      known = make(database);
      made.set(database, known);
    }
    return known;
  };
}
