import { RunyardError } from "../contract/errors.ts";
import { type Id, newId } from "../contract/ids.ts";
import { type Organization, type Plan, scopes } from "../contract/organization.ts";
import { type Database, toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { insertApiKey, newApiKey } from "./api-key-row.ts";
import { createKeyText, hashKeyText, isMistyped, prefixOf } from "./key-text.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import type { OperationParts } from "./parts.ts";
import { insertOrganization } from "./test-twin.ts";

export interface BootstrapSettings {
  /** The text of the first key; generated when absent. */
  apiKey?: string;
  organizationId?: Id;
  plan?: Plan;
}

export interface BootstrapOutcome {
  organization: Organization;
  /** The text of a key that was generated now. It is stored nowhere else: show it. */
  generatedKey: string | undefined;
  /** The key of the settings was revoked through the API. It stays so. */
  configuredKeyRevoked: boolean;
}

/**
 * Makes sure that there is an organization and a key to begin with: the first key has all scopes, as no later one has. A
 * configured key is added when the server does not know it yet, so a changed setting takes effect at the next start; the
 * one before stays until it is revoked. Running it again changes nothing.
 *
 * @throws `invalid_field_value` for a configured key that looks like one of ours and is mistyped, or belongs to another
 *   organization
 */
export async function bootstrap(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  settings: BootstrapSettings,
): Promise<BootstrapOutcome> {
  const { apiKey } = settings;
  if (apiKey !== undefined && isMistyped(apiKey)) {
    throw new RunyardError("invalid_field_value", "RUNYARD_API_KEY is mistyped or cut off: its end does not fit.");
  }
  for (;;) {
    try {
      return await attempt(parts, settings);
    } catch (error) {
      // Another process began at the same moment; what it made is there at the second look.
      if (!(error instanceof UnitRejected)) throw error;
    }
  }
}

async function attempt(
  parts: Pick<OperationParts, "database" | "secrets" | "now">,
  settings: BootstrapSettings,
): Promise<BootstrapOutcome> {
  const { database, secrets, now } = parts;
  const known = await findOrganization(database, settings.organizationId);
  const organization = known ?? newOrganization(settings, now());
  const configured = settings.apiKey === undefined ? undefined : await findKey(database, settings.apiKey);
  if (configured !== undefined && configured.organizationId !== organization.id) {
    throw new RunyardError(
      "invalid_field_value",
      `RUNYARD_API_KEY is a key of organization ${configured.organizationId}, not of ${organization.id}. Choose another.`,
    );
  }
  const makesKey = settings.apiKey === undefined ? known === undefined : configured === undefined;
  const keyText = makesKey ? (settings.apiKey ?? createKeyText("live")) : undefined;
  const unit = [];
  if (known === undefined) {
    unit.push(insertOrganization(database, organization, secrets.createWrappedKey(organization.id)));
  }
  if (keyText !== undefined) {
    const apiKey = newApiKey({
      id: newId(),
      organizationId: organization.id,
      name: settings.apiKey === undefined ? "First key" : "Configured key",
      prefix: prefixOf(keyText),
      environment: "live",
      scopes: [...scopes],
      createdAt: now(),
    });
    unit.push(insertApiKey(database, apiKey, keyText));
  }
  if (unit.length > 0) await database.write(unit);
  return {
    organization,
    generatedKey: settings.apiKey === undefined ? keyText : undefined,
    configuredKeyRevoked: configured?.revoked ?? false,
  };
}

/** The configured one, or the oldest. */
async function findOrganization(database: Database, id: Id | undefined): Promise<Organization | undefined> {
  const query = database.builder
    .selectFrom("organization")
    .select(organizationColumns)
    .where("environment", "=", "live")
    .orderBy("created_at")
    .orderBy("id")
    .limit(1);
  const [row] = await database.read(toStatement(id === undefined ? query : query.where("id", "=", id)));
  return row === undefined ? undefined : readOrganization(row);
}

function newOrganization(settings: BootstrapSettings, now: number): Organization {
  const id = settings.organizationId ?? newId();
  return {
    id,
    name: "Default",
    plan: settings.plan ?? "enterprise",
    environment: "live",
    liveId: id,
    creditLimitNanoUsd: null,
    spentNanoUsd: 0,
    reservedNanoUsd: 0,
    walletNanoUsd: 0,
    createdAt: now,
  };
}

async function findKey(
  database: Database,
  keyText: string,
): Promise<{ organizationId: Id; revoked: boolean } | undefined> {
  const [row] = await database.read(
    toStatement(
      database.builder
        .selectFrom("api_key")
        .select(["organization_id", "revoked_at"])
        .where("hash", "=", hashKeyText(keyText)),
    ),
  );
  if (row === undefined) return undefined;
  return { organizationId: row["organization_id"] as Id, revoked: row["revoked_at"] !== null };
}
