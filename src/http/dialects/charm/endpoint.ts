import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Operations } from "../../../operations/operations.ts";
import {
  type Answer,
  type Documentation,
  type DocumentedSchema,
  documentedSchema,
  errorAnswers,
  jsonAnswer,
  type RouteScope,
} from "../../documented-schema.ts";
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

/** Registers one route. */
export type CharmEndpoint = (scope: RouteScope, parts: CharmParts) => void;

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

interface CharmDocumentation extends Documentation {
  /** As the product's document has it: `create_agent_v1_agents_post`. */
  operationId: string;
  tag: (typeof tags)[number]["name"];
  /** The one status of success. */
  status: 200 | 201 | 204;
  /** Of the answer's JSON. Default: any object. */
  answer?: z.ZodType;
  /** Of the answer. Default `application/json`. */
  type?: string;
  /** Error statuses beside 401, 403 and 503, and 422, which every operation with a parameter or a body has. */
  errors?: readonly number[];
  /** Set for operations without a parameter or a body. */
  takesNothing?: boolean;
}

/** An object whose members the product does not publish. */
const anyObject = z.looseObject({});

export function documented(documentation: CharmDocumentation): DocumentedSchema {
  const { status, answer = anyObject, type = "application/json", errors = [], takesNothing = false } = documentation;
  const answers: Record<number, Answer> = {
    // The documents take null for an answer without a body.
    [status]:
      status === 204 ? z.null().describe(success) : { description: success, content: { [type]: { schema: answer } } },
    ...errorAnswers([401, 403, 503, ...errors], errorSchema),
  };
  if (!takesNothing) answers[422] = jsonAnswer("Validation Error", validationErrorSchema);
  return documentedSchema(documentation, answers);
}

const success = "Successful Response";

/** The address of a path of this server as its client reaches it. @param path with its leading slash */
export function absoluteUrl(parts: Pick<CharmParts, "publicUrl">, request: FastifyRequest, path: string): string {
  const base = parts.publicUrl ?? `${request.protocol}://${request.host}`;
  return base.replace(/\/$/, "") + path;
}
