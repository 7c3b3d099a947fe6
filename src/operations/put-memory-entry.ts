import type { Metadata } from "../contract/agent.ts";
import { type Id, newId } from "../contract/ids.ts";
import type { MemoryEntry } from "../contract/memory.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { writeMemoryEntry } from "./write-memory-entry.ts";

export async function putMemoryEntry(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  storeId: Id,
  { content, key, metadata }: { content: string; key?: string; metadata?: Metadata },
): Promise<{ entry: MemoryEntry; created: boolean }> {
  requireScope(caller, "agents:write");
  const write = {
    organizationId: caller.organization.id,
    storeId,
    id: newId(),
    key,
    content,
    metadata: metadata ?? {},
    sourceExecutionId: undefined,
    byAgent: false,
  };
  return writeMemoryEntry(parts, write, (unit, outcome) => commitOnce(parts, caller, unit, outcome));
}
