import { RunyardError } from "../contract/errors.ts";
import { newId } from "../contract/ids.ts";
import {
  type ApiKey,
  type Environment,
  operatorScopes,
  type Organization,
  type Scope,
} from "../contract/organization.ts";
import { type Statement, UnitRejected } from "../store/statement.ts";
import { insertApiKey, newApiKey } from "./api-key-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { createKeyText, prefixOf } from "./key-text.ts";
import type { Caller } from "./operations.ts";
import { outboxStatement } from "./outbox.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { testTwin } from "./test-twin.ts";

const defaultScopes: readonly Scope[] = ["agents:read", "agents:write", "agents:execute", "analytics:read"];

type Parts = Pick<OperationParts, "database" | "secrets" | "now" | "wakeRelay">;

/**
 * A key for the caller's organization, or for its test twin. A key hands on no more than it may do itself, and never what
 * is for whoever runs the installation. Test keys make test keys only.
 */
export async function createKey(
  parts: Parts,
  caller: Caller,
  request: { name: string; environment: Environment; scopes?: Scope[]; expiresAt?: number },
): Promise<{ apiKey: ApiKey; key: string }> {
  requireScope(caller, "keys:manage");
  const scopes = request.scopes ?? [...defaultScopes];
  refuseUngrantable(caller, request.environment, scopes);
  const now = parts.now();
  if (request.expiresAt !== undefined && request.expiresAt <= now) {
    throw new RunyardError("invalid_field_value", '"expiresAt" must be in the future.', { param: "expiresAt" });
  }
  const key = createKeyText(request.environment);
  // Another call may make the test twin at the same moment; then it is there at the second look.
  for (;;) {
    const owner = await ownerOf(parts, caller.organization, request.environment);
    const apiKey = newApiKey({
      id: newId(),
      organizationId: owner.organization.id,
      name: request.name,
      prefix: prefixOf(key),
      environment: request.environment,
      scopes,
      createdAt: now,
      ...(request.expiresAt === undefined ? {} : { expiresAt: request.expiresAt }),
    });
    const unit = [
      ...owner.make,
      insertApiKey(parts.database, apiKey, key),
      outboxStatement(parts.database, {
        organizationId: owner.organization.id,
        type: "key.created",
        agentId: null,
        data: { keyId: apiKey.id, name: apiKey.name },
        at: now,
      }),
    ];
    try {
      await commitOnce(parts, caller, unit, { apiKey, key });
    } catch (error) {
      if (error instanceof UnitRejected && owner.make.length > 0 && error.statement === 0) continue;
      throw error;
    }
    parts.wakeRelay();
    return { apiKey, key };
  }
}

function refuseUngrantable(caller: Caller, environment: Environment, scopes: readonly Scope[]): void {
  const reserved = scopes.find((scope) => operatorScopes.has(scope));
  if (reserved !== undefined) {
    throw new RunyardError("insufficient_scope", `Only the first key of a server has the scope ${reserved}.`, {
      param: "scopes",
    });
  }
  const lacking = scopes.filter((scope) => !caller.scopes.has(scope));
  if (lacking.length > 0) {
    throw new RunyardError(
      "insufficient_scope",
      `A key can grant only scopes that it has itself; this one lacks ${lacking.join(", ")}.`,
      { param: "scopes" },
    );
  }
  if (environment === "live" && caller.organization.environment === "test") {
    throw new RunyardError("insufficient_scope", "A test key can create test keys only.", { param: "environment" });
  }
}

async function ownerOf(
  parts: Parts,
  organization: Organization,
  environment: Environment,
): Promise<{ organization: Organization; make: Statement[] }> {
  if (environment === organization.environment) return { organization, make: [] };
  const { twin, make } = await testTwin(parts, organization);
  return { organization: twin, make };
}
