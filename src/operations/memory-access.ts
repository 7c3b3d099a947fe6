import { validate } from "uuid";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import { UnitRejected } from "../store/statement.ts";
import { deriveId } from "./derive-id.ts";
import { requireMemoryStore } from "./memory-row.ts";
import type { OperationParts } from "./parts.ts";
import { searchMemory } from "./search-memory.ts";
import { removeMemoryEntry, writeMemoryEntry } from "./write-memory-entry.ts";

interface StoreOfOrganization {
  organizationId: Id;
  storeId: Id;
}

/** What agents do with the stores that their execution was started with; the tools name the store, the store the rights. */
export interface AgentMemory {
  /** The best entries for the query, best first. @throws `memory_store_not_found` */
  search(store: StoreOfOrganization, query: string, limit: number): Promise<MemoryEntry[]>;
  /**
   * Adds an entry, or replaces the one of the same key. A call that is repeated after a crash leaves one entry.
   * @throws `memory_store_not_found`; `unprocessable` when the store does not let agents write, or for a NUL character
   */
  write(
    store: StoreOfOrganization,
    entry: { key: string | undefined; content: string; sourceExecutionId: Id; callId: string },
  ): Promise<MemoryEntry>;
  /** @returns whether there was such an entry. @throws as `write` */
  delete(store: StoreOfOrganization, entryId: Id): Promise<boolean>;
}

export function createMemoryAccess(parts: Pick<OperationParts, "database" | "now">): AgentMemory {
  const { database } = parts;
  return {
    async search({ organizationId, storeId }, query, limit) {
      await requireMemoryStore(database, organizationId, storeId);
      return searchMemory(database, { storeId, query, limit });
    },
    async write({ organizationId, storeId }, { key, content, sourceExecutionId, callId }) {
      // Postgres text cannot hold it, and what requests bring was looked at when it came.
      if (content.includes("\0") || key?.includes("\0") === true) {
        throw new RunyardError("unprocessable", "What is to be kept must not contain NUL characters.");
      }
      const origin = validate(callId) ? callId : sourceExecutionId;
      const write = {
        organizationId,
        storeId,
        id: deriveId(origin, "memory-entry", sourceExecutionId, callId, storeId),
        key,
        content,
        sourceExecutionId,
        byAgent: true,
      };
      const { entry } = await writeMemoryEntry(parts, write, (unit) => database.write(unit));
      return entry;
    },
    async delete({ organizationId, storeId }, entryId) {
      await requireMemoryStore(database, organizationId, storeId, { byAgent: true });
      try {
        await database.write(removeMemoryEntry(parts, { organizationId, storeId, entryId, byAgent: true }));
        return true;
      } catch (error) {
        if (!(error instanceof UnitRejected)) throw error;
        await requireMemoryStore(database, organizationId, storeId, { byAgent: true });
        return false; // another call was faster
      }
    },
  };
}
