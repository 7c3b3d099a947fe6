import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";

/** Where a dialect registers its routes: what a route's schema says is what its handler gets. */
export type RouteScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the documents say of an operation. */
export interface Documentation {
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  /** Request headers that mean something to this route. */
  headers?: Record<string, string>;
  /** The documents leave the route out. */
  hide?: boolean;
}

/** One answer: what it means, and its body by content type; or the whole of it as a schema. */
export type Answer = { description: string; content: Record<string, { schema: z.ZodType }> } | z.ZodType;

/** What a route's schema says to the documents; the request parts stand beside it and are typed by themselves. */
export interface DocumentedSchema {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  documentedHeaders?: Record<string, string>;
  hide?: boolean;
}

/**
 * The answers are hidden from the type on purpose: handlers send text that their renderer made, and a renderer's type
 * comes from the same schema already.
 *
 * @param answers by status
 */
export function documentedSchema(
  { operationId, tag, summary, description, headers, hide }: Documentation,
  answers: Record<number, Answer>,
): DocumentedSchema {
  const schema = {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(headers !== undefined && { documentedHeaders: headers }),
    ...(hide === true && { hide }),
    response: answers,
  };
  return schema;
}

export function jsonAnswer(description: string, schema: z.ZodType): Answer {
  return { description, content: { "application/json": { schema } } };
}

/** Answers of one error shape. */
export function errorAnswers(statuses: readonly number[], schema: z.ZodType): Record<number, Answer> {
  return Object.fromEntries(statuses.map((status) => [status, jsonAnswer(meaningOf[status] ?? "Error", schema)]));
}

const meaningOf: Record<number, string | undefined> = {
  400: "A field is missing or wrong",
  401: "The key is missing, unknown, revoked or expired",
  403: "The key lacks the scope",
  404: "No such object",
  409: "The object's state does not allow it",
  410: "No longer kept",
  413: "Too large",
  415: "Not a content type that this route reads",
  422: "Well-formed, but impossible together or too large for the model",
  429: "Over the rate limit or the quota",
  500: "The server failed",
  502: "The model or a tool failed",
  503: "The server takes no more work, or cannot use its database; Retry-After says when to try again",
};
