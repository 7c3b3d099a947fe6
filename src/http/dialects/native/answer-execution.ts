import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RunyardError } from "../../../contract/errors.ts";
import { type Execution, isTerminalStatus } from "../../../contract/execution.ts";
import { spellId } from "../../../contract/ids.ts";
import type { Caller, ExecutionDescription } from "../../../operations/operations.ts";
import { abortOnLeave } from "../../client-leave.ts";
import { isReplay, stillInProgress } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import type { NativeParts } from "./endpoint.ts";
import { failureOf, frames, renderEnd, strictFrames } from "./render-event.ts";
import { renderExecution, wireStatus } from "./render-execution.ts";

export const streamHeaders = {
  "X-YA-Stream": "`strict` leaves out the event types that older clients do not know.",
};

export const executionHeaders = {
  Prefer: "`respond-async` answers 202 at once, with the running execution and its `Location`.",
  ...streamHeaders,
};

/**
 * Answers a call that set an execution going, in the way that the caller asked for: a stream of its events after the
 * number `after`, its present state at once (`Prefer: respond-async`), or its end.
 *
 * @throws RunyardError that of the execution when it failed; `overloaded` when the server closes before its end
 */
export async function answerExecution(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    parts,
    caller,
    execution,
    stream,
    after,
  }: {
    parts: NativeParts;
    caller: Caller;
    execution: Execution;
    stream: boolean;
    after: number;
  },
): Promise<FastifyReply> {
  if (stream) {
    // What the execution itself does goes first: its model is called before anybody watches. The HTTP client takes a
    // turn to see whether a socket that it kept is still there.
    await nextTurn();
    await nextTurn();
    return await streamExecution(request, reply, { parts, caller, execution, after });
  }
  if (prefersAsync(request)) {
    const location = `/v1/executions/${spellId("execution", execution.id)}`;
    reply.header("location", location).header("preference-applied", "respond-async");
    return sendJson(reply, 202, renderExecution(execution));
  }
  // An idempotent repetition does not wait a second time for what the first call waits for already.
  if (isReplay(request) && wireStatus(execution) === "running") throw stillInProgress(reply);
  return sendOutcome(reply, await waitForEnd(reply, parts, caller, execution));
}

/** Streams the execution's log from the number after `after` until its end or until it waits for tool results. */
export async function streamExecution(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    parts,
    caller,
    execution,
    after,
  }: { parts: NativeParts; caller: Caller; execution: ExecutionDescription; after: number },
): Promise<FastifyReply> {
  const { operations, streams } = parts;
  // What stays for as long as the stream must not hold on to the execution, whose output may be megabytes, or the request.
  const { id, agentId, conversationId, createdAt } = execution;
  const { id: requestId } = request;
  streams.send(reply, {
    log: await operations.watchExecution(caller, id, after),
    frames: request.headers["x-ya-stream"] === "strict" ? strictFrames : frames,
    context: { id, agentId, conversationId, createdAt },
    headers: {
      "x-execution-id": spellId("execution", id),
      ...(conversationId !== undefined && { "x-conversation-id": spellId("conversation", conversationId) }),
    },
    finish: async (last) =>
      last === undefined ? undefined : renderEnd(await operations.getExecution(caller, id), last, requestId),
  });
  return reply;
}

async function waitForEnd(
  reply: FastifyReply,
  { operations, waitingCalls }: NativeParts,
  caller: Caller,
  execution: Execution,
): Promise<Execution> {
  if (isTerminalStatus(execution.status)) return execution;
  const controller = new AbortController();
  abortOnLeave(reply.raw, controller);
  waitingCalls.add(controller);
  try {
    const outcome = await operations.awaitExecution(caller, execution.id, controller.signal);
    if (wireStatus(outcome) !== "running") return outcome;
    // Given up before the end. A caller that has left does not read this.
    throw new RunyardError("overloaded", "The server is closing; the execution goes on. Read it by its id later.", {
      retryAfterMs: 1000,
      executionId: execution.id,
    });
  } finally {
    waitingCalls.delete(controller);
  }
}

function sendOutcome(reply: FastifyReply, execution: Execution): FastifyReply {
  const failure = failureOf(execution);
  if (failure !== undefined) throw failure;
  return sendJson(reply, 200, renderExecution(execution));
}

/** @see https://www.rfc-editor.org/rfc/rfc7240#section-4.1 */
function prefersAsync(request: FastifyRequest): boolean {
  const { prefer } = request.headers;
  return prefer !== undefined && /(^|,)\s*respond-async\s*(;|,|$)/i.test(String(prefer));
}
