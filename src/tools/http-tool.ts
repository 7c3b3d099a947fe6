import { RunyardError } from "../contract/errors.ts";
import { spellId } from "../contract/ids.ts";
import type { JsonObject } from "../contract/json.ts";
import type { ToolDefinition } from "../contract/tool.ts";
import { type Outbound, OutboundError, type OutboundResponse } from "../egress/outbound.ts";
import { readText } from "../egress/read-body.ts";
import { signPayload } from "../egress/sign-payload.ts";
import { isGatewayStatus } from "./gateway-status.ts";
import { maxOutputBytes, parsePlainJson } from "./plain-json.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { ToolClock } from "./tool-clock.ts";
import { type ToolContext, toolFailure, type ToolResult, type ToolWork } from "./tool.ts";

export type HttpToolDefinition = Extract<ToolDefinition, { type: "http" }>;

export interface HttpToolOptions {
  outbound: Outbound;
  clock: ToolClock;
  /** Shared with the handler's owner; signs each request. */
  signingSecret: string;
}

/**
 * A tool whose work an HTTP handler of the user does. Each try is signed anew; `X-YA-Tool-Call-Id` stays the same, so that
 * the handler can recognise a repeated call. An effect of `once` is sent again only when the last try sent nothing at all,
 * and ends as `outcome_unknown` when nobody can say whether the handler did its work.
 */
export function createHttpTool(definition: HttpToolDefinition, options: HttpToolOptions): ToolWork {
  const { name, description, parameters, effect } = definition;
  return {
    name,
    description,
    parameters,
    effect,
    async run(input, context) {
      const body = JSON.stringify(handlerBody(name, input, context));
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await sendOnce(definition, body, context, options);
        if (!outcome.retryable || attempt > definition.retries) return outcome.result;
        const delayMs = retryDelayMs(attempt, outcome.retryAfterMs, options.clock.random());
        if (delayMs === undefined) return outcome.result;
        await options.clock.sleep(delayMs, context.signal);
      }
    },
  };
}

interface Outcome {
  result: ToolResult;
  retryable: boolean;
  retryAfterMs?: number;
}

/** What a handler receives; the same text for all tries of a call. Ids are spelled as the native API shows them. */
function handlerBody(name: string, parameters: JsonObject, context: ToolContext): JsonObject {
  return {
    toolCallId: spellId("toolCall", context.callId),
    name,
    parameters,
    agentId: spellId("agent", context.agentId),
    executionId: spellId("execution", context.executionId),
    conversationId: spellId("conversation", context.conversationId),
    metadata: context.metadata,
    session: context.session,
  };
}

async function sendOnce(
  definition: HttpToolDefinition,
  body: string,
  context: ToolContext,
  options: HttpToolOptions,
): Promise<Outcome> {
  // One limit for the whole try: a handler that drips its answer does not get more time than one that is silent.
  const limit = AbortSignal.timeout(definition.timeoutMs);
  const timestampSeconds = Math.floor(options.clock.now() / 1000);
  try {
    const response = await options.outbound.request({
      url: definition.handler,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "X-YA-Tool-Call-Id": spellId("toolCall", context.callId),
        "X-YA-Webhook-Timestamp": String(timestampSeconds),
        "X-YA-Webhook-Signature": signPayload(options.signingSecret, timestampSeconds, body),
      },
      body,
      signal: AbortSignal.any([context.signal, limit]),
      headersTimeoutMs: definition.timeoutMs,
      bodyTimeoutMs: definition.timeoutMs,
      maxBodyBytes: maxOutputBytes,
    });
    return await readAnswer(response, definition, options.clock.now());
  } catch (error) {
    context.signal.throwIfAborted();
    return failedOutcome(error, definition, limit.aborted);
  }
}

async function readAnswer(
  response: OutboundResponse,
  { name, effect }: HttpToolDefinition,
  nowMs: number,
): Promise<Outcome> {
  const { status } = response;
  if (status < 200 || status > 299) {
    if (effect === "once" && isGatewayStatus(status)) return unknownOutcome(name, `status ${status}`);
    // Otherwise the handler spoke, so for an effect of `once` the outcome is known: it says that it failed.
    const retryable = effect !== "once" && (status === 408 || status === 425 || status === 429 || status >= 500);
    const retryAfterMs = readRetryAfter(response.headers["retry-after"], nowMs);
    const detail = await readDetail(response);
    const message = `The handler of ${name} answered with status ${status}${detail === "" ? "." : `: ${detail}`}`;
    return { result: toolFailure(message), retryable, retryAfterMs };
  }
  const output = parsePlainJson(await readText(response));
  if (output === undefined) {
    const type = response.headers["content-type"] ?? "no content type";
    return {
      result: toolFailure(`The handler of ${name} answered ${status} with no JSON (${String(type)}).`),
      retryable: false,
    };
  }
  return { result: { output }, retryable: false };
}

const maxDetailLength = 500;

/** The beginning of an error answer, which often says how to call better; empty when it cannot be read. */
async function readDetail(response: OutboundResponse): Promise<string> {
  try {
    return (await readText(response)).trim().slice(0, maxDetailLength);
  } catch {
    return "";
  }
}

function failedOutcome(error: unknown, definition: HttpToolDefinition, timedOut: boolean): Outcome {
  const { name, effect, timeoutMs } = definition;
  if (error instanceof RunyardError) {
    return { result: toolFailure(`The handler of ${name} cannot be called: ${error.message}`), retryable: false };
  }
  if (!timedOut && !(error instanceof OutboundError)) throw error;
  const reason = timedOut || !(error instanceof OutboundError) ? "timeout" : error.reason;
  if (reason === "too-large") {
    const message = `The handler of ${name} answered with more than ${maxOutputBytes} bytes.`;
    return { result: toolFailure(message), retryable: false };
  }
  // Without a connection nothing was sent.
  const sentNothing = reason === "refused" || reason === "dns";
  if (effect === "once" && !sentNothing) return unknownOutcome(name, reason);
  if (reason === "timeout") {
    const message = `The handler of ${name} did not answer within ${timeoutMs} ms.`;
    return { result: toolFailure(message, "tool_timeout"), retryable: true };
  }
  const detail = error instanceof Error ? error.message : reason;
  return { result: toolFailure(`The handler of ${name} could not be reached: ${detail}.`), retryable: true };
}

function unknownOutcome(name: string, reason: string): Outcome {
  const message = `The call of ${name} was interrupted (${reason}); whether it took effect is not known. It was not sent again.`;
  return { result: toolFailure(message, "outcome_unknown"), retryable: false };
}

/**
 * Milliseconds asked for by `Retry-After`, in seconds or as a date.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function readRetryAfter(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== "string") return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
