import type { Caller } from "../../../operations/operations.ts";

/** `me` is the key's own user, wherever a user is named. */
export function userIdOf(caller: Caller, userId: string): string {
  return userId === "me" ? caller.organization.id : userId;
}
