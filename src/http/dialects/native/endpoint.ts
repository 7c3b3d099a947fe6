import type { z } from "zod";
import type { Operations } from "../../../operations/operations.ts";
import {
  type Answer,
  type Documentation,
  type DocumentedSchema,
  documentedSchema,
  errorAnswers,
  type RouteScope,
} from "../../documented-schema.ts";
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

/** Registers one route. */
export type Endpoint = (scope: RouteScope, parts: NativeParts) => void;

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

interface NativeDocumentation extends Documentation {
  tag: (typeof tags)[number]["name"];
  /** Answers by status; a schema stands for JSON of it. */
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string; more?: Record<string, z.ZodType> }>;
  /** Error statuses beside 401, 403, 429 and 503, which every route has. */
  errors?: readonly number[];
}

export function documented({ answers, errors = [], ...documentation }: NativeDocumentation): DocumentedSchema {
  const described: Record<number, Answer> = {};
  for (const [status, { description, schema, type = "application/json", more = {} }] of Object.entries(answers)) {
    const bodies = Object.entries({ ...(schema !== undefined && { [type]: schema }), ...more });
    const content = Object.fromEntries(bodies.map(([type, schema]) => [type, { schema }]));
    described[Number(status)] = { description, content };
  }
  return documentedSchema(documentation, {
    ...described,
    ...errorAnswers([401, 403, 429, 503, ...errors], errorSchema),
  });
}
