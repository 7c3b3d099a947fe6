import { expect } from "vitest";
import { z } from "zod";

/** The Charm API as a stranger would call it: plain HTTP, one key. */
export interface CharmApi {
  readonly url: string;
  readonly key: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** The response with its body unread. */
  open(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** An answer that has been read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Null where the answer is no JSON. */
  body: unknown;
}

/** @param key empty: calls carry none */
export function charmApi(url: string, key: string): CharmApi {
  const open: CharmApi["open"] = (method, path, body, headers = {}) =>
    fetch(path.startsWith("http") ? path : url + path, {
      method,
      redirect: "error",
      headers: {
        ...(key !== "" && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && !(body instanceof FormData) && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: asBody(body) }),
    });
  const call = async (method: string, path: string, body?: unknown) => readAnswer(await open(method, path, body));
  return {
    url,
    key,
    open,
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    patch: (path, body) => call("PATCH", path, body),
    put: (path, body) => call("PUT", path, body),
    delete: (path) => call("DELETE", path),
  };
}

function asBody(body: unknown): string | FormData | Uint8Array<ArrayBuffer> {
  if (typeof body === "string" || body instanceof FormData) return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return JSON.stringify(body);
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const body: unknown = isJson ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, body };
}

/** The body of a good answer, held to its schema. */
export function bodyOf<T extends z.ZodType>(answer: Answer, status: number, schema: T): z.output<T> {
  expect(answer.status, answer.text).toBe(status);
  return schema.parse(answer.body);
}

/** The text of a plain error. */
export function detailOf(answer: Answer, status: number): string {
  return bodyOf(answer, status, z.object({ detail: z.string() })).detail;
}

const problemSchema = z.object({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string(), type: z.string() });

/** Where and what of every problem of a request that does not fit its schema. */
export function problemsOf(answer: Answer): string[] {
  const { detail } = bodyOf(answer, 422, z.object({ detail: z.array(problemSchema) }));
  return detail.map(({ loc, type }) => `${loc.join(".")} ${type}`);
}

const eventSchema = z.looseObject({ type: z.string() });
export type RunEvent = z.infer<typeof eventSchema>;

/** The events of a stream that is read to its end, held to its framing. */
export async function eventsOf(response: Response): Promise<RunEvent[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  return readFrames(await response.text());
}

export function readFrames(text: string): RunEvent[] {
  const blocks = text.split("\n\n");
  expect(blocks.pop()).toBe("");
  return blocks.map((block) => {
    expect(block).toMatch(/^data: \{[^\n]*\}$/);
    return eventSchema.parse(JSON.parse(block.slice("data: ".length)));
  });
}
