import { z } from "zod";
import { type ErrorCode, errorCatalogue } from "./errors.ts";
import { jsonObjectSchema, jsonSchema } from "./json.ts";
import { usageSchema } from "./usage.ts";

/**
 * The event union: what an execution's log can hold. Names are noun, then what happened. A body holds facts, never a
 * wire shape. Each API dialect renders the types it knows and passes over the rest.
 */
const errorFactSchema = z.object({
  code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
});

const event = <T extends string, S extends z.ZodRawShape>(type: T, body: S) =>
  z.object({ type: z.literal(type), body: z.object(body) });

export const domainEventSchema = z.discriminatedUnion("type", [
  /** Always number 1. `input` is the program's whole input. */
  event("execution-queued", { input: jsonSchema }),
  /** The first attempt took the execution up. */
  event("execution-started", {}),
  event("attempt-started", { attempt: z.int(), reason: z.enum(["first", "resumed", "recovered", "handed-back"]) }),
  event("status-noted", { text: z.string() }),
  event("text-delta", { text: z.string() }),
  event("reasoning-delta", { text: z.string() }),
  event("model-called", {
    model: z.string(),
    purpose: z.enum(["answer", "summary", "repair", "tool"]),
    usage: usageSchema,
    /** Nano US dollars; null when the price of the model is not known. */
    costNanoUsd: z.int().nullable(),
    /** Whether the tokens were counted by us because the provider gave none. */
    estimated: z.boolean(),
    finishReason: z.enum(["stop", "length", "tool-calls", "content-filter", "cancelled", "error"]),
    durationMs: z.int(),
  }),
  event("tool-call-started", { callId: z.string(), name: z.string(), input: jsonObjectSchema }),
  event("tool-call-finished", {
    callId: z.string(),
    name: z.string(),
    output: jsonSchema,
    error: errorFactSchema.optional(),
    durationMs: z.int(),
  }),
  /** A tool that the client runs: the execution waits for its result. */
  event("tool-call-required", { callId: z.string(), name: z.string(), input: jsonObjectSchema }),
  /**
   * The journal. `result` is absent when the step returned nothing. `emitted`: how many events outside steps stand
   * before it in the log, left out when there are none, so that a program that is called again does not repeat them.
   * `open`: how many steps beside it had begun and not ended, left out when there are none: then whatever an unfinished
   * step has emitted stands behind this row.
   */
  event("step-finished", {
    name: z.string(),
    result: jsonSchema.optional(),
    error: errorFactSchema.extend({ retryable: z.boolean() }).optional(),
    durationMs: z.int(),
    emitted: z.int().optional(),
    open: z.int().optional(),
  }),
  event("wait-started", { name: z.string(), until: z.int().optional() }),
  /** `timedOut` is true when `until` passed before an answer came. */
  event("wait-finished", {
    name: z.string(),
    answer: jsonSchema.optional(),
    timedOut: z.boolean(),
    emitted: z.int().optional(),
    open: z.int().optional(),
  }),
  /** Something from outside for a wait of this name; may come before the wait begins. */
  event("signal-received", { name: z.string(), payload: jsonSchema.optional() }),
  event("message-received", { from: z.string(), text: z.string() }),
  /** `type` says how to show it: `markdown`, `json`, `rich_component`, … */
  event("output-produced", { key: z.string(), type: z.string(), value: jsonSchema }),
  /** The program's own word on its failure; an `execution-failed` with the code `program_failed` follows. */
  event("failure-noted", { message: z.string() }),
  /** The program stopped to ask a person; the answer comes as another execution of the same conversation. */
  event("suspension-noted", { threadId: z.string().nullable(), nextStep: jsonSchema }),
  /** A program's own count of what it used. */
  event("tool-usage-noted", { tool: z.string(), count: z.int() }),
  /** An event of a program that means nothing to us, handed on as it came. */
  event("program-event-noted", { event: jsonObjectSchema }),
  /** A program's process came to its end. */
  event("process-finished", { exitCode: z.int(), reason: z.string(), durationMs: z.int() }),
  event("file-produced", { fileId: z.string(), name: z.string(), type: z.string(), sizeBytes: z.int() }),
  event("state-saved", { state: z.string() }),
  event("retry-scheduled", { error: errorFactSchema, at: z.int() }),
  event("cancel-requested", { by: z.string(), reason: z.string().optional() }),
  event("execution-completed", { output: jsonSchema.optional() }),
  event("execution-failed", { error: errorFactSchema }),
  event("execution-cancelled", { reason: z.string().optional() }),
]);

export type DomainEvent = z.infer<typeof domainEventSchema>;
export type EventType = DomainEvent["type"];
export type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;

/** An event as it stands in the log. */
export type StoredEvent = DomainEvent & {
  executionId: string;
  /** 1 for the first; no number is left out. */
  seq: number;
  /** The attempt that wrote it; 0 for writes from outside an attempt. */
  attempt: number;
  /** The number of the step it was emitted in; 0 outside steps. */
  step: number;
  /** Epoch milliseconds. */
  at: number;
};

const terminalTypes: ReadonlySet<EventType> = new Set([
  "execution-completed",
  "execution-failed",
  "execution-cancelled",
]);

export function isTerminalEvent(event: { type: EventType }): boolean {
  return terminalTypes.has(event.type);
}
