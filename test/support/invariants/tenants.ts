import { z } from "zod";
import { readId } from "../../../src/contract/ids.ts";
import type { Ledgers } from "./ledgers.ts";
import { eventBody } from "./log-rows.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Violation } from "./violation.ts";

const deliveryInputSchema = z.object({
  webhookId: z.string(),
  event: z.object({ data: z.object({ executionId: z.string().optional() }) }),
});

/** I8: rows refer to rows of their own tenant, and so do callers and receivers of webhooks. */
export function findTenantViolations(snapshot: Snapshot, { client, webhooks }: Ledgers): Violation[] {
  const violations: Violation[] = [];
  const report = (message: string) => violations.push({ invariant: "I8", message });
  const { executions } = snapshot;
  for (const { reference, ...crossing } of snapshot.crossings) {
    report(
      `${reference}: ${crossing.id} of organization ${crossing.organization_id} refers to ${crossing.other_id} of ` +
        `organization ${crossing.other_organization_id}`,
    );
  }
  const tenantOfWebhook = new Map(snapshot.webhooks.map(({ id, organization_id }) => [id, organization_id]));
  const tenantOfExecution = (id: string | undefined) =>
    id === undefined ? undefined : executions.get(id)?.organizationId;
  for (const { id, program, organizationId, events } of executions.values()) {
    const [queued] = events;
    if (program !== "webhook-delivery" || queued?.type !== "execution-queued") continue;
    const { webhookId, event } = deliveryInputSchema.parse(eventBody(queued, "execution-queued").input);
    const tenants = [tenantOfWebhook.get(webhookId), tenantOfExecution(event.data.executionId)];
    if (tenants.some((tenant) => tenant !== undefined && tenant !== organizationId)) {
      report(
        `delivery ${id} of organization ${organizationId} takes ${event.data.executionId} to webhook ${webhookId}`,
      );
    }
  }
  for (const note of client) {
    if (note.type !== "accepted") continue;
    const tenant = tenantOfExecution(readId("execution", note.executionId));
    if (tenant !== undefined && tenant !== note.organizationId) {
      report(`${note.executionId} was given to organization ${note.organizationId} and belongs to ${tenant}`);
    }
  }
  for (const { webhookId, executionId, number } of webhooks) {
    const receiver = tenantOfWebhook.get(readId("webhook", webhookId) ?? "");
    const sender = executionId === null ? undefined : tenantOfExecution(readId("execution", executionId));
    if (receiver !== undefined && sender !== undefined && receiver !== sender) {
      report(
        `delivery ${number} told webhook ${webhookId} of organization ${receiver} about ${executionId} of ${sender}`,
      );
    }
  }
  return violations;
}
