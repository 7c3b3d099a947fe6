import { newId } from "../contract/ids.ts";
import { type Organization, operatorScopes, type Plan, scopes } from "../contract/organization.ts";
import { insertApiKey, newApiKey } from "./api-key-row.ts";
import { commitOnce } from "./idempotent-commit.ts";
import { createKeyText, prefixOf } from "./key-text.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";
import { insertOrganization } from "./test-twin.ts";

/** A tenant and its first key, which may do everything within it. */
export async function createOrganization(
  parts: Pick<OperationParts, "database" | "secrets" | "now" | "defaultPlan">,
  caller: Caller,
  request: { name: string; plan?: Plan; creditLimitNanoUsd?: number | null },
): Promise<{ organization: Organization; key: string }> {
  requireScope(caller, "organizations:manage");
  const { database, secrets, now } = parts;
  const id = newId();
  const organization: Organization = {
    id,
    name: request.name,
    plan: request.plan ?? parts.defaultPlan,
    environment: "live",
    liveId: id,
    creditLimitNanoUsd: request.creditLimitNanoUsd ?? null,
    spentNanoUsd: 0,
    reservedNanoUsd: 0,
    walletNanoUsd: 0,
    createdAt: now(),
  };
  const key = createKeyText("live");
  const apiKey = newApiKey({
    id: newId(),
    organizationId: id,
    name: "First key",
    prefix: prefixOf(key),
    environment: "live",
    scopes: scopes.filter((scope) => !operatorScopes.has(scope)),
    createdAt: now(),
  });
  const unit = [
    insertOrganization(database, organization, secrets.createWrappedKey(id)),
    insertApiKey(database, apiKey, key),
  ];
  await commitOnce(parts, caller, unit, { organization, key });
  return { organization, key };
}
