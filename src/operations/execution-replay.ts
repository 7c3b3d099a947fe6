import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import type { Statement } from "../store/statement.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** Remembers in the same commit that this idempotency key came to this execution. Empty when there is no key. */
export function executionReplay(
  { database, now }: Pick<OperationParts, "database" | "now">,
  caller: Caller,
  executionId: Id,
): Statement[] {
  const { idempotency } = caller;
  if (idempotency === undefined) return [];
  return [
    toStatement(
      database.builder.insertInto("idempotency").values({
        organization_id: caller.organization.id,
        route: idempotency.route,
        key: idempotency.key,
        body_hash: idempotency.bodyHash,
        status: null,
        sealed_body: null,
        execution_id: executionId,
        created_at: now(),
      }),
    ),
  ];
}
