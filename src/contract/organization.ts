import { z } from "zod";
import type { Id } from "./ids.ts";

export const planSchema = z.enum(["starter", "professional", "enterprise"]);
export type Plan = z.infer<typeof planSchema>;

export type Environment = "live" | "test";

/** A tenant. Test keys work on a twin organization of their own, so nothing else needs to know of environments. */
export interface Organization {
  id: Id;
  name: string;
  plan: Plan;
  environment: Environment;
  /** The live organization: itself, or the one that this is the test twin of. */
  liveId: Id;
  /** Null: no limit. */
  creditLimitNanoUsd: number | null;
  /** What executions have cost, less what was paid in. */
  spentNanoUsd: number;
  reservedNanoUsd: number;
  /** What the transactions that its members booked add up to; see `contract/ledger.ts`. */
  walletNanoUsd: number;
  createdAt: number;
}

export const scopes = [
  "agents:read",
  "agents:write",
  "agents:execute",
  "analytics:read",
  "keys:manage",
  "webhooks:manage",
  "organizations:manage",
  "admin",
  "internal",
] as const;
export const scopeSchema = z.enum(scopes);
export type Scope = z.infer<typeof scopeSchema>;

/** Of whoever runs the installation: the first key has them, and no key can hand them on. They reach every tenant. */
export const operatorScopes: ReadonlySet<Scope> = new Set(["organizations:manage", "admin", "internal"]);

export interface ApiKey {
  id: Id;
  organizationId: Id;
  name: string;
  /** The first 16 characters of the key text. */
  prefix: string;
  environment: Environment;
  scopes: Scope[];
  lastUsedAt: number | null;
  expiresAt: number | null;
  revokedAt: number | null;
  createdAt: number;
}

/** Who is calling, proven by a key. The tenant comes only from here. */
export interface Principal {
  organization: Organization;
  keyId: Id;
  scopes: ReadonlySet<Scope>;
}
