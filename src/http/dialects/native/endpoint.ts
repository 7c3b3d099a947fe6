import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { Operations } from "../../../operations/operations.ts";
import type { EventStreams } from "../../event-stream.ts";
import type { WaitingCalls } from "../../waiting-calls.ts";
import type { Templates } from "./definition.ts";
import { errorSchema } from "./schemas/error.ts";

/** What endpoints are given. */
export interface NativeParts {
  operations: Operations;
  streams: EventStreams;
  /** Given up when the server closes. */
  waitingCalls: WaitingCalls;
  templates: Templates;
  maxFileBytes: number;
}

export type NativeScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Registers one route. */
export type Endpoint = (scope: NativeScope, parts: NativeParts) => void;

export const tags = [
  { name: "Agents", description: "Stored configurations: model, system prompt, tools, memory." },
  { name: "Executions", description: "One run of an agent on one input." },
  { name: "Jobs", description: "Executions in the background, at once or by a schedule." },
  { name: "Conversations", description: "Turns and session memory shared by executions." },
  { name: "Memory", description: "Knowledge that outlives conversations." },
  { name: "Files", description: "Named bytes of an organization." },
  { name: "Webhooks", description: "Signed deliveries of what happens." },
  { name: "Keys", description: "API keys and their scopes." },
  { name: "Organizations", description: "Tenants, their plans and credit limits." },
  { name: "Usage", description: "Tokens and cost." },
] as const;

interface Documentation {
  operationId: string;
  tag: (typeof tags)[number]["name"];
  summary: string;
  description?: string;
  /** Answers by status; a schema stands for JSON of it. */
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string; more?: Record<string, z.ZodType> }>;
  /** Request headers that mean something to this route. */
  headers?: Record<string, string>;
  /** Error statuses beside 401, 403 and 429, which every route has. */
  errors?: readonly number[];
}

/** What a route's schema says to the documents; the request parts stand beside it and are typed by themselves. */
export interface DocumentedSchema {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  documentedHeaders?: Record<string, string>;
}

/**
 * The answers are hidden from the type on purpose: handlers send text that their renderer made, and a renderer's type
 * comes from the same schema already.
 */
export function documented(documentation: Documentation): DocumentedSchema {
  const { operationId, tag, summary, description, answers, headers, errors = [] } = documentation;
  const response: Record<string, unknown> = {};
  for (const [status, { description, schema, type = "application/json", more = {} }] of Object.entries(answers)) {
    const content = Object.entries({ ...(schema !== undefined && { [type]: schema }), ...more });
    response[status] = {
      description,
      content: Object.fromEntries(content.map(([type, schema]) => [type, { schema }])),
    };
  }
  for (const status of [401, 403, 429, ...errors]) {
    response[String(status)] = {
      description: meaningOf[status] ?? "Error",
      content: { "application/json": { schema: errorSchema } },
    };
  }
  const schema = {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(headers !== undefined && { documentedHeaders: headers }),
    response,
  };
  return schema;
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
  503: "The server takes no more work",
};
