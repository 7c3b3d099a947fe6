import type { Readable } from "node:stream";
import { z } from "zod";
import { RunyardError } from "../../contract/errors.ts";
import type { Id } from "../../contract/ids.ts";
import type { Program } from "../../engine/program.ts";

/** What the program is given; the platform puts it together. */
export interface CompletionCallbackParts {
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
  /** Whom to tell of this execution's end, and what; undefined when nobody is to be told. */
  read(organizationId: Id, executionId: Id): Promise<{ url: string; body: string } | undefined>;
  /** Called once nobody is to be told any more. */
  forget(organizationId: Id, executionId: Id): Promise<void>;
  now(): number;
}

const seconds = 1000;
/** How long after a failed try the next one comes; after the last one there is none. */
const delaysMs = [2 * seconds, 10 * seconds, 60 * seconds];
const timeLimitMs = 10 * seconds;
/** The answer counts by its status; so much of its body is read that the connection can be used again. */
const maxAnswerBytes = 64 * 1024;

const inputSchema = z.object({ executionId: z.string() });

const trySchema = z.object({
  outcome: z.enum(["delivered", "refused", "unreachable", "nobody"]),
  /** The HTTP status; absent when there was no answer. */
  status: z.int().optional(),
  /** When to try again, epoch milliseconds; absent when this was the last try. */
  retryAt: z.number().optional(),
});
type Try = z.infer<typeof trySchema>;

/**
 * Tells one address of the end of one execution: POST of JSON, and three more tries, further and further apart, when
 * there is no answer or a 5xx. Any other answer is final, and so is an address that the guard refuses. A try that a crash
 * interrupts is made again, so a receiver may be told twice.
 *
 * @returns the program; its output says how it ended, the number of `tries` and the last `status`
 */
export function completionCallback(parts: CompletionCallbackParts): Program {
  return async (ctx, rawInput) => {
    const { executionId } = inputSchema.parse(rawInput);
    for (let count = 1; ; count += 1) {
      const made = trySchema.parse(
        await ctx.step(`try-${count}`, ({ signal }) =>
          tryOnce(parts, { organizationId: ctx.organizationId, executionId, count }, signal),
        ),
      );
      if (made.retryAt === undefined) {
        return { outcome: made.outcome, tries: count, ...(made.status !== undefined && { status: made.status }) };
      }
      await ctx.wait(`retry-${count}`, { until: made.retryAt });
    }
  };
}

async function tryOnce(
  parts: CompletionCallbackParts,
  { organizationId, executionId, count }: { organizationId: Id; executionId: Id; count: number },
  signal: AbortSignal,
): Promise<Try> {
  const told = await parts.read(organizationId, executionId);
  if (told === undefined) return { outcome: "nobody" };
  const made = await send(parts, told, signal);
  const delayMs = made.outcome === "unreachable" ? delaysMs[count - 1] : undefined;
  if (delayMs !== undefined) return { ...made, retryAt: parts.now() + delayMs };
  await parts.forget(organizationId, executionId);
  return made;
}

async function send(
  parts: Pick<CompletionCallbackParts, "post">,
  { url, body }: { url: string; body: string },
  signal: AbortSignal,
): Promise<Pick<Try, "outcome" | "status">> {
  try {
    const answer = await parts.post({
      url,
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "Runyard-Callbacks/1" },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]),
      headersTimeoutMs: timeLimitMs,
      maxBodyBytes: maxAnswerBytes,
    });
    // What becomes of the rest of the answer changes nothing.
    answer.body.on("error", () => undefined).resume();
    const { status } = answer;
    if (status >= 500) return { outcome: "unreachable", status };
    return { outcome: status >= 200 && status < 300 ? "delivered" : "refused", status };
  } catch (error) {
    // The attempt was stopped: that says nothing about the receiver.
    if (signal.aborted) throw error;
    return { outcome: error instanceof RunyardError && error.code === "address_refused" ? "refused" : "unreachable" };
  }
}
