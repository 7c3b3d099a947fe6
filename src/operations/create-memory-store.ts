import { newId } from "../contract/ids.ts";
import type { MemoryStore } from "../contract/memory.ts";
import { toStatement } from "../store/database.ts";
import { commitOnce } from "./idempotent-commit.ts";
import type { Caller, MemoryStoreFields } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

export async function createMemoryStore(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  fields: MemoryStoreFields & { name: string },
): Promise<MemoryStore> {
  requireScope(caller, "agents:write");
  const now = parts.now();
  const store: MemoryStore = {
    id: newId(),
    organizationId: caller.organization.id,
    name: fields.name,
    description: fields.description ?? "",
    agentWritable: fields.agentWritable ?? true,
    entryCount: 0,
    metadata: fields.metadata ?? {},
    createdAt: now,
    updatedAt: now,
  };
  const insert = toStatement(
    parts.database.builder.insertInto("memory_store").values({
      id: store.id,
      organization_id: store.organizationId,
      name: store.name,
      description: store.description,
      agent_writable: store.agentWritable ? 1 : 0,
      metadata: JSON.stringify(store.metadata),
      created_at: now,
      updated_at: now,
    }),
  );
  await commitOnce(parts, caller, [insert], store);
  return store;
}
