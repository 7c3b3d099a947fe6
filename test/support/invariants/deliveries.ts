import { z } from "zod";
import { readId, spellId } from "../../../src/contract/ids.ts";
import type { SinkEntry } from "../webhook-sink.ts";
import type { Ledgers } from "./ledgers.ts";
import { endTypes, eventBody } from "./log-rows.ts";
import type { ExecutionRow, Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

/** The webhook event of each type that ends a log. */
const webhookTypeOf: Record<string, string> = {
  "execution-completed": "execution.completed",
  "execution-failed": "execution.failed",
  "execution-cancelled": "execution.cancelled",
};

const deliverySchema = z.object({
  webhookId: z.string(),
  event: z.object({
    id: z.string(),
    type: z.string(),
    data: z.object({ executionId: z.string().optional() }),
  }),
});

interface Delivery {
  id: string;
  eventId: string;
  type: string;
  executionId: string | undefined;
}

/**
 * I6: for each end and each webhook that asked for it there is one event id, the receiver has got it at rest, and it got
 * nothing that is not stored. The same id always came with the same words.
 */
export function findDeliveryViolations(snapshot: Snapshot, { webhooks }: Ledgers, atRest: boolean): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I6", message });
  const deliveries = readDeliveries(snapshot);
  const arrived = new Set<string>();
  const bodies = new Map<string, string>();
  for (const entry of webhooks) {
    checkArrival(snapshot, deliveries, entry, report);
    const key = `${entry.webhookId} ${entry.eventId}`;
    const before = bodies.get(key);
    if (before !== undefined && before !== entry.body) report(`event ${entry.eventId} came with two bodies`);
    bodies.set(key, entry.body);
    if (entry.accepted) arrived.add(key);
  }
  if (atRest && snapshot.outbox.length > 0) {
    report(`${snapshot.outbox.length} rows lie in the outbox at rest, the first is ${snapshot.outbox[0]?.id}`);
  }
  for (const execution of snapshot.executions.values()) {
    const end = execution.events.find(({ type }) => endTypes.has(type));
    if (end === undefined || execution.agentId === null) continue;
    const type = webhookTypeOf[end.type] ?? "";
    for (const webhook of listeners(snapshot, execution, type, end.at)) {
      const made = deliveries.get(`${webhook} ${execution.id}`)?.filter((delivery) => delivery.type === type) ?? [];
      if (made.length > 1) {
        report(`${execution.id} ended once, and webhook ${webhook} has ${made.length} events of it`);
      }
      const [delivery] = made;
      if (delivery === undefined) {
        const isDue = snapshot.outbox.some((row) => row.type === type && row.data.includes(execution.id));
        if (!isDue) report(`the end of ${execution.id} is neither in the outbox nor on its way to webhook ${webhook}`);
      } else if (
        atRest &&
        !arrived.has(`${spellId("webhook", webhook)} ${spellId("webhookEvent", delivery.eventId)}`)
      ) {
        const status = snapshot.executions.get(delivery.id)?.status;
        report(`webhook ${webhook} was never told the end of ${execution.id}: delivery ${delivery.id} is ${status}`);
      }
    }
  }
  return violations;
}

/** Deliveries by webhook and execution. */
function readDeliveries({ executions }: Snapshot): Map<string, Delivery[]> {
  const deliveries = new Map<string, Delivery[]>();
  for (const { id, program, events } of executions.values()) {
    const [queued] = events;
    if (program !== "webhook-delivery" || queued?.type !== "execution-queued") continue;
    const { webhookId, event } = deliverySchema.parse(eventBody(queued, "execution-queued").input);
    const delivery: Delivery = { id, eventId: event.id, type: event.type, executionId: event.data.executionId };
    const key = `${webhookId} ${event.data.executionId ?? ""}`;
    const others = deliveries.get(key);
    if (others === undefined) deliveries.set(key, [delivery]);
    else others.push(delivery);
  }
  return deliveries;
}

function checkArrival(
  snapshot: Snapshot,
  deliveries: ReadonlyMap<string, Delivery[]>,
  { webhookId, eventId, type, executionId, number }: SinkEntry,
  report: (message: string) => void,
): void {
  const what = `delivery ${number} (${type} of ${executionId})`;
  const webhook = readId("webhook", webhookId);
  const id = executionId === null ? "" : readId("execution", executionId);
  const stored = deliveries
    .get(`${webhook} ${id}`)
    ?.find((delivery) => delivery.eventId === readId("webhookEvent", eventId));
  if (stored === undefined) {
    report(`${what} came with event ${eventId}, which is not in the database`);
    return;
  }
  const execution = id === undefined ? undefined : snapshot.executions.get(id);
  const end = Object.entries(webhookTypeOf).find(([, name]) => name === type)?.[0];
  if (end !== undefined && execution?.events.some((event) => event.type === end) !== true) {
    report(`${what} came, and the log has no ${end}`);
  }
}

/** Webhooks that were there when it happened, asked for it, and are not narrowed to another agent. */
function listeners(
  { webhooks }: Snapshot,
  { organizationId, agentId }: ExecutionRow,
  type: string,
  at: number,
): string[] {
  return webhooks
    .filter(
      (webhook) =>
        webhook.organization_id === organizationId &&
        webhook.status === "active" &&
        webhook.created_at <= at &&
        webhook.events.includes(`"${type}"`) &&
        (webhook.agent_id === null || webhook.agent_id === agentId),
    )
    .map(({ id }) => id);
}
