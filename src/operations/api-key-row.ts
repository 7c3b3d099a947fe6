import { z } from "zod";
import { type ApiKey, type Environment, type Scope, scopeSchema } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import type { Row, Statement } from "../store/statement.ts";
import { hashKeyText } from "./key-text.ts";

const scopesSchema = z.array(scopeSchema);

export function readScopes(text: string): Scope[] {
  return scopesSchema.parse(JSON.parse(text));
}

/** @param row of `api_key`, with the `environment` of its organization */
export function readApiKey(row: Row): ApiKey {
  return {
    id: row["id"] as string,
    organizationId: row["organization_id"] as string,
    name: row["name"] as string,
    prefix: row["prefix"] as string,
    environment: row["environment"] as Environment,
    scopes: readScopes(row["scopes"] as string),
    lastUsedAt: row["last_used_at"] as number | null,
    expiresAt: row["expires_at"] as number | null,
    revokedAt: row["revoked_at"] as number | null,
    createdAt: row["created_at"] as number,
  };
}

/** Stores a key; of its text only the hash. */
export function insertApiKey(database: Database, apiKey: ApiKey, keyText: string): Statement {
  return toStatement(
    database.builder.insertInto("api_key").values({
      id: apiKey.id,
      organization_id: apiKey.organizationId,
      name: apiKey.name,
      prefix: apiKey.prefix,
      hash: hashKeyText(keyText),
      scopes: JSON.stringify(apiKey.scopes),
      last_used_at: apiKey.lastUsedAt,
      expires_at: apiKey.expiresAt,
      revoked_at: apiKey.revokedAt,
      created_at: apiKey.createdAt,
    }),
  );
}

/** A key as it is when it has just been made. */
export function newApiKey(
  facts: Pick<ApiKey, "id" | "organizationId" | "name" | "prefix" | "environment" | "scopes" | "createdAt"> & {
    expiresAt?: number;
  },
): ApiKey {
  return { ...facts, lastUsedAt: null, expiresAt: facts.expiresAt ?? null, revokedAt: null };
}
