import { expect } from "vitest";
import { z } from "zod";
import type { Json } from "../../../src/contract/json.ts";
import { agentSchema, type WireAgent } from "../../../src/http/dialects/native/schemas/agent.ts";
import { errorSchema } from "../../../src/http/dialects/native/schemas/error.ts";
import { streamEventSchema, type StreamEvent } from "../../../src/http/dialects/native/schemas/event.ts";
import { executionSchema, type WireExecution } from "../../../src/http/dialects/native/schemas/execution.ts";

/** The native API as a stranger would call it: plain HTTP, one key. */
export interface NativeApi {
  readonly url: string;
  readonly key: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** The response with its body unread. */
  open(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** An answer that has been read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Json;
}

export function nativeApi(url: string, key: string): NativeApi {
  const open: NativeApi["open"] = (method, path, body, headers = {}) => {
    const isForm = body instanceof FormData;
    return fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && !isForm && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm || typeof body === "string" ? body : JSON.stringify(body) }),
    });
  };
  const call = async (...request: Parameters<NativeApi["open"]>) => readAnswer(await open(...request));
  return {
    url,
    key,
    open,
    get: (path, headers) => call("GET", path, undefined, headers),
    post: (path, body, headers) => call("POST", path, body, headers),
    patch: (path, body) => call("PATCH", path, body),
    delete: (path) => call("DELETE", path),
  };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const body: Json = isJson ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, body };
}

/** The body of a good answer, held to its documented schema. */
export function bodyOf<T extends z.ZodType>(answer: Answer, status: number, schema: T): z.output<T> {
  expect(answer.status, answer.text).toBe(status);
  return schema.parse(answer.body);
}

/** The error of a bad answer; its request id must be that of the header. */
export function errorOf(answer: Answer, status: number): z.output<typeof errorSchema>["error"] {
  expect(answer.status, answer.text).toBe(status);
  const { error } = errorSchema.parse(answer.body);
  expect(error.requestId).toBe(answer.headers.get("x-request-id"));
  return error;
}

export async function createAgent(api: NativeApi, fields: object = {}): Promise<WireAgent> {
  const least = { name: "Support", model: "scripted/model", systemPrompt: "You help." };
  return bodyOf(await api.post("/v1/agents", { ...least, ...fields }), 201, agentSchema);
}

/** Executes an agent to its end. */
export async function execute(
  api: NativeApi,
  agentId: string,
  input: string,
  fields: object = {},
): Promise<WireExecution> {
  return bodyOf(await api.post(`/v1/agents/${agentId}/execute`, { input, ...fields }), 200, executionSchema);
}

/** Starts an execution and returns at once. */
export async function executeInBackground(
  api: NativeApi,
  agentId: string,
  input: string,
  fields: object = {},
): Promise<WireExecution> {
  const headers = { prefer: "respond-async" };
  const answer = await api.post(`/v1/agents/${agentId}/execute`, { input, ...fields }, headers);
  return bodyOf(answer, 202, executionSchema);
}

export async function getExecution(api: NativeApi, id: string): Promise<WireExecution> {
  return bodyOf(await api.get(`/v1/executions/${id}`), 200, executionSchema);
}

/** Waits for the end of an execution by reading its stream. */
export async function untilEnd(api: NativeApi, id: string): Promise<WireExecution> {
  await readStream(await api.open("GET", `/v1/executions/${id}/stream`));
  return await getExecution(api, id);
}

export interface Frame {
  id: number;
  event: StreamEvent;
}

/** The frames of a stream as they come. Only `id:` and `data:` lines are read, as a simple client does. */
export async function* framesOf(response: Response): AsyncGenerator<Frame> {
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  if (response.body === null) throw new Error("the stream has no body");
  let rest = "";
  let id = 0;
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("id: ")) id = Number(line.slice(4));
      if (line.startsWith("data: ")) yield { id, event: streamEventSchema.parse(JSON.parse(line.slice(6))) };
    }
  }
}

/** All frames of a stream that ends. */
export async function readStream(response: Response): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(response)) frames.push(frame);
  return frames;
}

export function textOf(frames: readonly Frame[]): string {
  return frames.map(({ event }) => (event.type === "text_delta" ? event.text : "")).join("");
}
