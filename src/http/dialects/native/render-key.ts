import { spellId } from "../../../contract/ids.ts";
import type { ApiKey } from "../../../contract/organization.ts";
import type { WireCreatedKey, WireKey } from "./schemas/key.ts";
import { renderTime } from "./time.ts";

export function renderKey(key: ApiKey): WireKey {
  return {
    id: spellId("apiKey", key.id),
    name: key.name,
    prefix: key.prefix,
    environment: key.environment,
    scopes: key.scopes,
    lastUsed: key.lastUsedAt === null ? null : renderTime(key.lastUsedAt),
    expiresAt: key.expiresAt === null ? null : renderTime(key.expiresAt),
    createdAt: renderTime(key.createdAt),
  };
}

export function renderCreatedKey(created: { apiKey: ApiKey; key: string }): WireCreatedKey {
  return { ...renderKey(created.apiKey), key: created.key };
}
