import type { FastifyReply } from "fastify";
import { jsonSchema } from "../../../contract/json.ts";
import { parseJsonBody } from "../../json-body.ts";
import { toRunyardError } from "../../request-error.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";

/**
 * Belongs into a scope of its own: its bodies are kept as they came, because the signature is over the bytes. There is no
 * key; the signature is the proof.
 */
export const receivePaymentEvent: CharmEndpoint = (scope, { operations }) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, payload, done) => {
    try {
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      done(null, { bytes, value: parseJsonBody(bytes) ?? null });
    } catch (error) {
      done(toRunyardError(error));
    }
  });
  scope.post<{ Body: { bytes: Uint8Array; value: unknown } | undefined }>(
    "/charm/v1/billing/webhook-event",
    {
      schema: documented({
        operationId: "handle_webhook_event_v1_billing_webhook_event_post",
        tag: "Billing",
        summary: "Handle Webhook Event",
        description:
          "Takes Stripe's events, signed in `Stripe-Signature` with the secret that RUNYARD_STRIPE_WEBHOOK_SECRET names. `organization_id`, `subscription_id` and `reference_id` in the object's metadata say what it is about. The same event again changes nothing.",
        status: 200,
      }),
    },
    async (request, reply): Promise<FastifyReply> => {
      const { bytes, value } = request.body ?? { bytes: new Uint8Array(), value: null };
      const header = request.headers["stripe-signature"];
      const outcome = await operations.receivePaymentEvent({
        payload: bytes,
        body: jsonSchema.parse(value),
        signature: Array.isArray(header) ? header.join(",") : header,
      });
      return sendJson(reply, 200, {
        received: true,
        handled: outcome.handled,
        ...(outcome.isDuplicate === true && { duplicate: true }),
        ...(outcome.reason !== undefined && { reason: outcome.reason }),
      });
    },
  );
};
