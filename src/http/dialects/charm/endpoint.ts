import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Operations } from "../../../operations/operations.ts";
import type { EventStreams } from "../../event-stream.ts";
import { errorSchema, validationErrorSchema } from "./schemas/error.ts";

/** What endpoints are given. */
export interface CharmParts {
  operations: Operations;
  streams: EventStreams;
  /** Aborted when the server closes. */
  closing: AbortSignal;
  /** Where clients reach the server; without it, where the request says it does. */
  publicUrl: string | undefined;
}

export type CharmScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Registers one route. */
export type CharmEndpoint = (scope: CharmScope, parts: CharmParts) => void;

/** The product's own, in its order; `Health` is missing from its list and `Store` is what its command line talks to. */
export const tags = [
  { name: "Execute", description: "Agent execution with SSE streaming" },
  { name: "Agents", description: "Agent CRUD operations" },
  { name: "Versions", description: "Version management" },
  { name: "Runs", description: "Run lifecycle management" },
  { name: "Threads", description: "Thread run history" },
  { name: "Studio", description: "Studio dashboard analytics" },
  { name: "Billing", description: "Payments and subscriptions" },
  { name: "Daemons", description: "Long-running agent processes" },
  { name: "Jobs", description: "Background jobs" },
  { name: "Notifications", description: "User notifications" },
  { name: "Users", description: "User management" },
  { name: "Admin", description: "Admin dashboard" },
  { name: "Internal", description: "Internal job triggers" },
  { name: "Health", description: "Liveness" },
  { name: "Store", description: "What the command line calls to log in, push and read logs" },
] as const;

interface Documentation {
  /** As the product's document has it: `create_agent_v1_agents_post`. */
  operationId: string;
  tag: (typeof tags)[number]["name"];
  summary: string;
  description?: string;
  /** The one status of success. */
  status: 200 | 201 | 204;
  /** Of the answer's JSON. Default: any object. */
  answer?: z.ZodType;
  /** Of the answer. Default `application/json`. */
  type?: string;
  /** Error statuses beside 401 and 403, and 422, which every operation with a parameter or a body has. */
  errors?: readonly number[];
  /** Set for operations without a parameter or a body. */
  takesNothing?: boolean;
  /** Set for a second path of an operation: the documents leave it out. */
  hide?: boolean;
}

/** What a route's schema says to the documents; the request parts stand beside it and are typed by themselves. */
export interface DocumentedSchema {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  hide?: boolean;
}

/** An object whose members the product does not publish. */
export const anyObject = z.looseObject({});

export function documented(documentation: Documentation): DocumentedSchema {
  const { operationId, tag, summary, description, status, answer = anyObject, errors = [] } = documentation;
  const type = documentation.type ?? "application/json";
  const response: Record<string, unknown> = {
    [status]:
      // The documents take null for an answer without a body.
      status === 204
        ? z.null().describe("Successful Response")
        : { description: "Successful Response", content: { [type]: { schema: answer } } },
  };
  for (const status of [401, 403, ...errors]) {
    response[status] = {
      description: meaningOf[status] ?? "Error",
      content: { "application/json": { schema: errorSchema } },
    };
  }
  if (documentation.takesNothing !== true) {
    response[422] = {
      description: "Validation Error",
      content: { "application/json": { schema: validationErrorSchema } },
    };
  }
  const schema = {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(documentation.hide === true && { hide: true }),
    response,
  };
  return schema;
}

const meaningOf: Record<number, string | undefined> = {
  401: "The key is missing, unknown, revoked or expired",
  403: "The key lacks the scope",
  404: "No such object",
  409: "The object's state does not allow it",
  413: "Too large",
};

/** The address of a path of this server as its client reaches it. @param path with its leading slash */
export function absoluteUrl(parts: Pick<CharmParts, "publicUrl">, request: FastifyRequest, path: string): string {
  const base = parts.publicUrl ?? `${request.protocol}://${request.host}`;
  return base.replace(/\/$/, "") + path;
}
