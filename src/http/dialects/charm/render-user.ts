import type { JsonObject } from "../../../contract/json.ts";
import type { User } from "../../../contract/user.ts";
import { renderTime } from "./time.ts";

/** The user's fields stand beside ours; ours win. */
export function renderUser(user: User): JsonObject {
  return {
    ...user.profile,
    id: user.id,
    user_id: user.id,
    created_at: renderTime(user.createdAt),
    updated_at: renderTime(user.updatedAt),
  };
}

/** What is to be kept of a user's fields: not those that we give. */
export function readProfile(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !ours.has(name)));
}

const ours: ReadonlySet<string> = new Set(["id", "user_id", "organization_id", "created_at", "updated_at"]);
