import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import type { Principal } from "../contract/organization.ts";
import { toStatement } from "../store/database.ts";
import { answerPlace } from "./idempotent-commit.ts";
import type { IdempotencyRequest, IdempotentOutcome } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** How long an answer is kept for its key. */
export const idempotencyMs = 24 * 60 * 60 * 1000;

export async function findIdempotent(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  principal: Principal,
  request: IdempotencyRequest,
): Promise<IdempotentOutcome> {
  const { database, secrets, now } = parts;
  const organizationId = principal.organization.id;
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("idempotency")
        .selectAll()
        .where("organization_id", "=", organizationId)
        .where("route", "=", request.route)
        .where("key", "=", request.key),
    ),
  );
  if (row === undefined) return { kind: "new" };
  if ((row["created_at"] as number) < now() - idempotencyMs) {
    // Past its time, and not yet swept: the key is free again.
    await database.write([
      toStatement(
        database.builder
          .deleteFrom("idempotency")
          .where("organization_id", "=", organizationId)
          .where("route", "=", request.route)
          .where("key", "=", request.key)
          .where("created_at", "=", row["created_at"] as number),
      ),
    ]);
    return { kind: "new" };
  }
  if (row["body_hash"] !== request.bodyHash) {
    throw new RunyardError(
      "idempotency_mismatch",
      "This idempotency key came before with another body. Use a new key for a new request.",
    );
  }
  if (row["execution_id"] !== null) return { kind: "execution", executionId: row["execution_id"] as Id };
  const sealed = row["sealed_body"] as string;
  const body = await secrets.open(organizationId, sealed, answerPlace(request));
  return { kind: "answer", status: row["status"] as number, body: JSON.parse(body) as Json };
}
