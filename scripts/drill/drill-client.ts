import { setTimeout as pause } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { Agent, type Dispatcher, FormData, request } from "undici";
import { z } from "zod";
import type { ClientNote, JobNote, ReadFrame } from "../../test/support/invariants/ledgers.ts";

/** A call is repeated for so long until it gets an answer. */
const patienceMs = 180_000;

const executionSchema = z.object({
  id: z.string(),
  status: z.enum(["running", "requires_action", "completed", "failed", "cancelled"]),
  output: z.string(),
  toolCalls: z.array(z.object({ id: z.string(), duration: z.number().nullable(), error: z.unknown().optional() })),
});
export type ShownExecution = z.infer<typeof executionSchema>;

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), executionId: z.string().optional() }),
});

const endFrameSchema = z.object({
  type: z.enum(["done", "error"]),
  executionId: z.string(),
  status: z.enum(["completed", "cancelled", "requires_action"]).optional(),
  output: z.string().optional(),
});

/** Refusals that say: try again. */
const passing: ReadonlySet<string> = new Set([
  "overloaded",
  "idempotency_in_progress",
  "conversation_busy",
  "daemon_busy",
]);

export interface Answer {
  status: number;
  headers: Dispatcher.ResponseData["headers"];
  body: unknown;
}

/** What became of an execution, as far as a call has told. */
export type Outcome =
  | { executionId: string; status: "completed" | "failed" | "cancelled" }
  | { executionId: string; status: "running" | "requires_action" };

/**
 * A client of the native API that outlives its server: each call is repeated, with the same idempotency key, until it
 * has an answer. Keeps a ledger of what it was told.
 */
export class DrillClient {
  readonly notes: ClientNote[] = [];
  readonly jobNotes: JobNote[] = [];
  /** Answers that no crash explains. */
  readonly complaints: string[] = [];
  readonly #url: string;
  readonly #connections = new Agent({ connections: 128, keepAliveTimeout: 500, headersTimeout: 30_000 });
  readonly #accepted = new Set<string>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Repeats the call until the server has answered it, whatever the answer. */
  async call(
    key: string,
    options: { method: "GET" | "POST"; path: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer> {
    return this.#persist(`${options.method} ${options.path}`, async () => {
      const response = await this.#send(key, options);
      const text = await response.body.text();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const error = errorSchema.safeParse(body);
      if (error.success && passing.has(error.data.error.code)) return undefined;
      return { status: response.statusCode, headers: response.headers, body };
    });
  }

  /** Makes a thing, outside of the load: any answer but success ends the drill. */
  async create<T>(key: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const answer = await this.call(key, { method: "POST", path, body });
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return schema.parse(answer.body);
  }

  /** Uploads a file, outside of the load. */
  async upload<T>(key: string, { name, content }: { name: string; content: Blob }, schema: z.ZodType<T>): Promise<T> {
    const form = new FormData();
    form.append("file", content, name);
    const { statusCode, body } = await request(`${this.#url}/v1/files`, {
      method: "POST",
      dispatcher: this.#connections,
      headers: { authorization: `Bearer ${key}` },
      body: form,
    });
    const text = await body.text();
    if (statusCode !== 201) throw new Error(`POST /v1/files: ${statusCode} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  /** A call that answers with an execution, or with the error that the execution has failed with. */
  async execute(
    caller: { key: string; organizationId: string },
    options: { path: string; body: unknown; idempotencyKey: string; isAsync: boolean },
  ): Promise<Outcome | undefined> {
    const { path, body, idempotencyKey, isAsync } = options;
    const headers = { "idempotency-key": idempotencyKey, ...(isAsync ? { prefer: "respond-async" } : {}) };
    const answer = await this.call(caller.key, { method: "POST", path, body, headers });
    return this.#read(answer, { ...caller, idempotencyKey }, `POST ${path}`);
  }

  async get(caller: { key: string; organizationId: string }, executionId: string): Promise<ShownExecution> {
    const path = `/v1/executions/${executionId}`;
    const answer = await this.call(caller.key, { method: "GET", path });
    const execution = executionSchema.parse(answer.body);
    this.#noteEnd(execution);
    return execution;
  }

  /**
   * Streams an execution to where it ends or pauses. Cut off, it goes on after the last frame it has seen; before it
   * knows the execution it repeats the call.
   * @param start the call that begins the stream; without it the execution is watched from its beginning
   */
  async stream(
    caller: { key: string; organizationId: string },
    start: { path: string; body: unknown; idempotencyKey: string } | { executionId: string },
  ): Promise<Outcome | undefined> {
    let executionId = "executionId" in start ? start.executionId : undefined;
    let seen: number | undefined;
    return this.#persist("a stream", async () => {
      const isStart = !("executionId" in start) && (executionId === undefined || seen === undefined);
      const response = isStart
        ? await this.#send(caller.key, {
            method: "POST",
            path: start.path,
            body: start.body,
            headers: { "idempotency-key": start.idempotencyKey },
          })
        : await this.#send(caller.key, {
            method: "GET",
            path: `/v1/executions/${executionId}/stream`,
            headers: seen === undefined ? {} : { "last-event-id": String(seen) },
          });
      if (!String(response.headers["content-type"]).startsWith("text/event-stream")) {
        const body: unknown = JSON.parse(await response.body.text());
        const error = errorSchema.safeParse(body);
        if (error.success && passing.has(error.data.error.code)) return undefined;
        const answer = { status: response.statusCode, headers: response.headers, body };
        return (
          this.#read(answer, { ...caller, idempotencyKey: "" }, "a stream") ?? { executionId: "", status: "running" }
        );
      }
      executionId = String(response.headers["x-execution-id"]);
      if (isStart) this.#accept(executionId, caller.organizationId, start.idempotencyKey);
      // A stream of tool results begins where the pause was; that number is not told, so it is not compared.
      const isContinued = isStart && start.path.endsWith("/tool-results");
      const after = seen ?? 0;
      const { frames, end } = await readFrames(response.body);
      if (!isContinued || frames[0]?.id === 1) {
        this.notes.push({ type: "read", executionId, after, frames, ended: end !== undefined });
      }
      seen = frames.at(-1)?.id ?? seen;
      if (end === undefined) return undefined;
      return this.#noteFrame(end);
    });
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }

  #read(
    { status, body }: Answer,
    call: { organizationId: string; idempotencyKey: string },
    what: string,
  ): Outcome | undefined {
    const execution = executionSchema.safeParse(body);
    if (execution.success) {
      this.#accept(execution.data.id, call.organizationId, call.idempotencyKey);
      this.#noteEnd(execution.data);
      return { executionId: execution.data.id, status: execution.data.status };
    }
    const error = errorSchema.safeParse(body);
    const executionId = error.data?.error.executionId;
    if (executionId === undefined || error.data?.error.code.startsWith("execution_not_") === true) {
      if (status >= 500 || error.data === undefined) this.complaints.push(`${what}: ${status} ${JSON.stringify(body)}`);
      return undefined;
    }
    this.#accept(executionId, call.organizationId, call.idempotencyKey);
    this.notes.push({ type: "answered", executionId, status: "failed" });
    return { executionId, status: "failed" };
  }

  #noteFrame(data: string): Outcome {
    const { type, executionId, status, output } = endFrameSchema.parse(JSON.parse(data));
    if (type === "error") {
      this.notes.push({ type: "answered", executionId, status: "failed" });
      return { executionId, status: "failed" };
    }
    if (status === undefined || status === "requires_action") return { executionId, status: "requires_action" };
    this.notes.push({ type: "answered", executionId, status, output });
    return { executionId, status };
  }

  #noteEnd({ id, status, output }: ShownExecution): void {
    if (status === "running" || status === "requires_action") return;
    this.notes.push({ type: "answered", executionId: id, status, output });
  }

  #accept(executionId: string, organizationId: string, key: string): void {
    if (key === "") return;
    const line = `${key} ${executionId}`;
    if (this.#accepted.has(line)) return;
    this.#accepted.add(line);
    this.notes.push({ type: "accepted", executionId, organizationId, key });
  }

  #send(
    key: string,
    options: { method: "GET" | "POST"; path: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Dispatcher.ResponseData> {
    const { method, path, body, headers } = options;
    return request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#connections,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
      ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}),
    });
  }

  /** Repeats `attempt` until it gives something; a broken connection is no answer. */
  async #persist<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const until = performance.now() + patienceMs;
    let last: unknown;
    while (performance.now() < until) {
      try {
        const result = await attempt();
        if (result !== undefined) return result;
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        last = error;
      }
      await pause(40);
    }
    throw new Error(`${what} got no answer within ${patienceMs} ms`, { cause: last });
  }
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  // A body that broke off is not JSON either.
  return code.startsWith("E") || code.startsWith("UND_ERR") || error instanceof SyntaxError;
}

/** Everything that came until the stream ended or broke; `end` is the data of the last frame of a whole stream. */
async function readFrames(body: AsyncIterable<Buffer>): Promise<{ frames: ReadFrame[]; end: string | undefined }> {
  const frames: ReadFrame[] = [];
  const parser = createParser({ onEvent: ({ id, data }) => frames.push({ id: Number(id), data }) });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    if (!isConnectionError(error)) throw error;
  }
  const last = frames.at(-1)?.data;
  const isEnd = last !== undefined && (last.startsWith('{"type":"done"') || last.startsWith('{"type":"error"'));
  return { frames, end: isEnd ? last : undefined };
}
