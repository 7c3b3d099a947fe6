import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Principal, Scope } from "../contract/organization.ts";
import { prepared } from "../store/prepared.ts";
import { readScopes } from "./api-key-row.ts";
import { hashKeyText, isMistyped } from "./key-text.ts";
import { organizationColumns, readOrganization } from "./organization-row.ts";
import type { OperationParts } from "./parts.ts";
import { perDatabase } from "./per-database.ts";

/**
 * Finds out who is calling. Stands before every request, so it is one prepared read by the key's hash, and no cache: a
 * revoked key stops at once.
 */
export async function authenticate(
  { database, now, requestLimits, keyUses }: Pick<OperationParts, "database" | "now" | "requestLimits" | "keyUses">,
  keyText: string,
): Promise<Principal> {
  if (isMistyped(keyText)) {
    throw new RunyardError("invalid_api_key", "The API key is mistyped or cut off: its last characters do not fit.");
  }
  const { find, scopeSets } = keysOf(database);
  const at = now();
  const [row] = await database.read(find({ hash: hashKeyText(keyText), day: requestLimits.today }));
  if (row === undefined || row["revoked_at"] !== null) {
    throw new RunyardError("invalid_api_key", "The API key is not known to this server, or was revoked.");
  }
  const expiresAt = row["expires_at"];
  if (typeof expiresAt === "number" && expiresAt <= at) {
    throw new RunyardError(
      "expired_api_key",
      `The API key expired at ${new Date(expiresAt).toISOString()}. Create a new one.`,
    );
  }
  const keyId = row["key_id"] as Id;
  keyUses.note(keyId, row["last_used_at"] as number | null, at);
  if (typeof row["day_count"] === "number") requestLimits.prime(keyId, row["day_count"]);
  const organization = readOrganization(row);
  return { organization, keyId, scopes: scopesIn(scopeSets, row["scopes"] as string) };
}

const keysOf = perDatabase(({ builder }) => ({
  find: prepared<{ hash: string; day: string }>((p) =>
    builder
      .selectFrom("api_key")
      .innerJoin("organization", "organization.id", "api_key.organization_id")
      .leftJoin("request_count", (join) =>
        join.onRef("request_count.key_id", "=", "api_key.id").on("request_count.day", "=", p.day),
      )
      .select([
        "api_key.id as key_id",
        "api_key.scopes",
        "api_key.expires_at",
        "api_key.revoked_at",
        "api_key.last_used_at",
        "request_count.count as day_count",
      ])
      .select(organizationColumns.map((column) => `organization.${column}` as const))
      .where("api_key.hash", "=", p.hash),
  ),
  scopeSets: new Map<string, ReadonlySet<Scope>>(),
}));

/** There are few different sets of scopes, so each is parsed once. */
function scopesIn(known: Map<string, ReadonlySet<Scope>>, text: string): ReadonlySet<Scope> {
  let scopes = known.get(text);
  if (scopes === undefined) {
    scopes = new Set(readScopes(text));
    if (known.size >= 1000) known.clear();
    known.set(text, scopes);
  }
  return scopes;
}
