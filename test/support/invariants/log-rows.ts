import { domainEventSchema, type EventOf, type EventType } from "../../../src/contract/events.ts";
import type { EventRow } from "./snapshot.ts";

/** The types that end a log. */
export const endTypes: ReadonlySet<string> = new Set([
  "execution-completed",
  "execution-failed",
  "execution-cancelled",
]);

/** @throws when the row is of another type, or its body is not what its type says */
export function eventBody<T extends EventType>(row: EventRow, type: T): EventOf<T>["body"] {
  if (row.type !== type) throw new Error(`expected ${type}, came ${row.type}`);
  const { body }: { body: unknown } = domainEventSchema.parse({ type, body: JSON.parse(row.body) });
  // The body of this very type, as the union has just said.
  return body as EventOf<T>["body"];
}
