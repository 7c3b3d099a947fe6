import { perDatabase } from "./per-database.ts";
import type { Database } from "../store/database.ts";

const lines = perDatabase(() => new Map<string, Promise<unknown>>());

/**
 * Does `work` when everything that was asked for before it under the same name is done, so that changes that read first
 * do not overtake each other. Spares tries, no more: other processes and other ways to change a thing are not held up.
 */
export async function inTurn<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  const line = lines(database);
  const before = line.get(name) ?? Promise.resolve();
  const result = before.then(work, work);
  line.set(name, result);
  try {
    return await result;
  } finally {
    if (line.get(name) === result) line.delete(name);
  }
}
