import type { FastifyReply } from "fastify";

/** Answers with a value as JSON, past the framework's serialisers: our renderers have made the exact shape already. */
export function sendJson<R extends FastifyReply>(reply: R, status: number, body: unknown): R {
  return sendJsonText(reply, status, JSON.stringify(body));
}

export function sendJsonText<R extends FastifyReply>(reply: R, status: number, text: string): R {
  reply.code(status).header("content-type", "application/json; charset=utf-8").send(text);
  return reply;
}
