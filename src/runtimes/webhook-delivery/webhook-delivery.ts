import type { Readable } from "node:stream";
import { z } from "zod";
import type { Id } from "../../contract/ids.ts";
import { jsonObjectSchema } from "../../contract/json.ts";
import { type WebhookEvent, webhookEventTypeSchema } from "../../contract/webhook.ts";
import type { Ctx, Program } from "../../engine/program.ts";

/** What the program is given; the platform puts it together. */
export interface WebhookDeliveryParts {
  /** Sends one request through the egress guard; a redirect comes back as its status. */
  post(request: {
    url: string;
    method: "POST";
    headers: Record<string, string>;
    body: string;
    signal: AbortSignal;
    headersTimeoutMs: number;
    maxBodyBytes: number;
  }): Promise<{ status: number; body: Readable }>;
  /** The value of the signature header. */
  sign(secret: string, timestampSeconds: number, body: string): string;
  /** The delivery as the API spells it. Must give the same text each time. */
  render(webhookId: Id, event: WebhookEvent): { webhookId: string; body: string };
  /** Undefined when the webhook was deleted or disabled. */
  readTarget(organizationId: Id, webhookId: Id): Promise<{ url: string; secret: string } | undefined>;
  /** Called after each try: keeps since when all have failed, and disables the webhook in the end. */
  noteDelivery(organizationId: Id, webhookId: Id, succeeded: boolean): Promise<void>;
  now(): number;
  /** From 0 to 1. */
  random(): number;
}

const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/** How long after a failed try the next one comes; after the last one there is none. */
const delaysMs = [10 * seconds, minutes, 10 * minutes, hours, 6 * hours];
const timeLimitMs = 10 * seconds;
/** Added to a delay at the most, as a part of it, so that what failed together is not tried again together. */
const jitter = 0.1;
/** The answer counts by its status; so much of its body is read that the connection can be used again. */
const maxAnswerBytes = 64 * 1024;

const inputSchema = z.object({
  webhookId: z.string(),
  event: z.object({
    id: z.string(),
    type: webhookEventTypeSchema,
    data: jsonObjectSchema,
    createdAt: z.number(),
  }),
});

const trySchema = z.object({
  outcome: z.enum(["delivered", "failed", "inactive"]),
  /** The HTTP status; absent when there was no answer. */
  status: z.int().optional(),
  /** When to try again, epoch milliseconds; absent when this was the last try. */
  retryAt: z.number().optional(),
});
type Try = z.infer<typeof trySchema>;

/**
 * Delivers one event to one webhook: POST with a signature, any 2xx within ten seconds is success, and six tries over
 * about seven hours, each with its own timestamp and the same event id. URL and secret are read anew for each try. A try
 * that a crash interrupts is made again, so a receiver may get an event twice and knows it by its id.
 *
 * @returns the program; its output says `delivered`, the number of `tries` and the last `status`
 */
export function webhookDelivery(parts: WebhookDeliveryParts): Program {
  return async (ctx, rawInput) => {
    const input = inputSchema.parse(rawInput);
    for (let count = 1; ; count += 1) {
      const made = trySchema.parse(
        await ctx.step(`try-${count}`, async ({ signal }) => tryOnce(parts, ctx, input, count, signal)),
      );
      if (made.retryAt === undefined) {
        return {
          delivered: made.outcome === "delivered",
          tries: count,
          ...(made.outcome === "inactive" && { inactive: true }),
          ...(made.status !== undefined && { status: made.status }),
        };
      }
      await ctx.wait(`retry-${count}`, { until: made.retryAt });
    }
  };
}

async function tryOnce(
  parts: WebhookDeliveryParts,
  ctx: Pick<Ctx, "organizationId">,
  input: z.infer<typeof inputSchema>,
  count: number,
  signal: AbortSignal,
): Promise<Try> {
  const { webhookId, event } = input;
  const target = await parts.readTarget(ctx.organizationId, webhookId);
  if (target === undefined) return { outcome: "inactive" };
  const status = await send(parts, target, parts.render(webhookId, event), signal);
  const delivered = status !== undefined && status >= 200 && status < 300;
  await parts.noteDelivery(ctx.organizationId, webhookId, delivered);
  const delayMs = delaysMs[count - 1];
  return {
    outcome: delivered ? "delivered" : "failed",
    ...(status !== undefined && { status }),
    ...(!delivered && delayMs !== undefined && { retryAt: Math.round(retryTime(parts, delayMs)) }),
  };
}

function retryTime({ now, random }: WebhookDeliveryParts, delayMs: number): number {
  return now() + delayMs * (1 + jitter * random());
}

/** @returns the status of the answer; undefined when none came in time or the address was refused */
async function send(
  parts: WebhookDeliveryParts,
  target: { url: string; secret: string },
  { webhookId, body }: { webhookId: string; body: string },
  signal: AbortSignal,
): Promise<number | undefined> {
  const timestamp = Math.floor(parts.now() / 1000);
  try {
    const answer = await parts.post({
      url: target.url,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Runyard-Webhooks/1",
        "x-ya-webhook-id": webhookId,
        "x-ya-webhook-timestamp": String(timestamp),
        "x-ya-webhook-signature": parts.sign(target.secret, timestamp, body),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]),
      headersTimeoutMs: timeLimitMs,
      maxBodyBytes: maxAnswerBytes,
    });
    // What becomes of the rest of the answer changes nothing.
    answer.body.on("error", () => undefined).resume();
    return answer.status;
  } catch (error) {
    // The attempt was stopped: that says nothing about the receiver.
    if (signal.aborted) throw error;
    return undefined;
  }
}
