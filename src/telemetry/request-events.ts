import type { Id } from "../contract/ids.ts";
import type { TelemetryParts } from "./telemetry-parts.ts";

export interface FinishedRequest {
  requestId: string;
  method: string;
  /** The pattern, `/v1/agents/:id`, never the path: it becomes a label. */
  route: string;
  status: number;
  durationMs: number;
  organizationId?: Id;
  executionId?: Id;
  /** What made it a 5xx. */
  err?: unknown;
}

export type RequestEvents = ReturnType<typeof createRequestEvents>;

/** What happens at the HTTP edge, and with what leaves it again as webhooks. */
export function createRequestEvents({ logging, metrics, traces }: TelemetryParts) {
  const log = logging.logger("http");
  const webhookLog = logging.logger("webhook");

  return {
    requestFinished(facts: FinishedRequest): void {
      metrics.requests.observe(
        { method: facts.method, route: facts.route, status: facts.status },
        facts.durationMs / 1000,
      );
      if (facts.status >= 500) log.error({ ...facts }, "request failed");
      else if (log.isLevelEnabled("debug")) log.debug({ ...facts }, "request finished");
      if (traces === undefined) return;
      const endedAt = Date.now();
      traces.record({
        name: `${facts.method} ${facts.route}`,
        kind: "server",
        executionId: facts.executionId,
        startedAt: endedAt - facts.durationMs,
        endedAt,
        attributes: {
          "http.request.method": facts.method,
          "http.route": facts.route,
          "http.response.status_code": facts.status,
          "runyard.request.id": facts.requestId,
          "runyard.organization.id": facts.organizationId,
        },
        errorCode: facts.status >= 500 ? String(facts.status) : undefined,
      });
    },

    /** `reason` is an error code: `invalid_api_key`, `expired_api_key`, `insufficient_scope`. */
    authenticationFailed(facts: { requestId: string; reason: string }): void {
      metrics.refusedKeys.inc({ reason: facts.reason });
      log.info({ ...facts }, "API key refused");
    },

    webhookDelivered(facts: { webhookId: Id; organizationId: Id; succeeded: boolean }): void {
      metrics.webhookDeliveries.inc({ outcome: facts.succeeded ? "delivered" : "failed" });
      if (!facts.succeeded) webhookLog.info({ ...facts }, "webhook delivery failed");
      else if (webhookLog.isLevelEnabled("debug")) webhookLog.debug({ ...facts }, "webhook delivered");
    },
  };
}
