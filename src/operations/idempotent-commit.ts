import { RunyardError } from "../contract/errors.ts";
import { toStatement } from "../store/database.ts";
import type { SecretPlace } from "../store/secrets.ts";
import { type Statement, type UnitResult, UnitRejected } from "../store/statement.ts";
import type { Caller, IdempotencyRequest } from "./operations.ts";
import type { OperationParts } from "./parts.ts";

/** Where the stored answer to an idempotency key is sealed. */
export function answerPlace(request: Pick<IdempotencyRequest, "route" | "key">): SecretPlace {
  return { record: `${request.route} ${request.key}`, field: "body" };
}

/**
 * Commits the unit of a call. With an idempotency key, the answer that `result` will have goes into the same transaction,
 * so that a repetition of the call finds either both or neither. Answers may hold new keys and secrets and are sealed.
 *
 * @throws `idempotency_in_progress` when a call with the same key was committed meanwhile; UnitRejected of the unit
 */
export async function commitOnce(
  { database, secrets, now }: Pick<OperationParts, "database" | "secrets" | "now">,
  caller: Caller,
  unit: readonly Statement[],
  result: unknown,
): Promise<UnitResult> {
  const { idempotency } = caller;
  if (idempotency === undefined) return unit.length === 0 ? [] : database.write(unit);
  const { status, body } = idempotency.render(result);
  const organizationId = caller.organization.id;
  const remember = toStatement(
    database.builder.insertInto("idempotency").values({
      organization_id: organizationId,
      route: idempotency.route,
      key: idempotency.key,
      body_hash: idempotency.bodyHash,
      status,
      sealed_body: await secrets.seal(organizationId, JSON.stringify(body), answerPlace(idempotency)),
      execution_id: null,
      created_at: now(),
    }),
  );
  try {
    return await database.write([...unit, remember]);
  } catch (error) {
    if (error instanceof UnitRejected && error.statement === unit.length) {
      throw new RunyardError("idempotency_in_progress", "Another call with this idempotency key came first.", {
        retryAfterMs: 1000,
      });
    }
    throw error;
  }
}
