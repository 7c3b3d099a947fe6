import type { Id } from "./ids.ts";
import type { JsonObject } from "./json.ts";

/** A person that an organization runs agents for. Users are data of the organization: who calls is proven by a key alone. */
export interface User {
  organizationId: Id;
  /** Chosen by whoever named the user first. The key's own user has the organization's id. */
  id: string;
  /** Whatever is kept of them. */
  profile: JsonObject;
  createdAt: number;
  updatedAt: number;
}

/** Something that a user should see. */
export interface Notification {
  id: Id;
  organizationId: Id;
  userId: string;
  title: string;
  body: string;
  /** An open word: `info`, `warning`, … */
  kind: string;
  /** Epoch milliseconds; null: not read. */
  readAt: number | null;
  createdAt: number;
}
