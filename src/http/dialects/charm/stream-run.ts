import type { FastifyReply, FastifyRequest } from "fastify";
import type { StoredEvent } from "../../../contract/events.ts";
import type { Execution } from "../../../contract/execution.ts";
import { emptyLog } from "../../../contract/log.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { FrameCache } from "../../frame-cache.ts";
import { absoluteUrl, type CharmParts } from "./endpoint.ts";
import { type RunContext, RunRenderer, type WireEvent } from "./render-event.ts";
import { framesOf, thinkingHeartbeat } from "./run-frames.ts";

/** Streams a run from its beginning to its end. A client that leaves does not stop it. */
export async function streamRun(
  reply: FastifyReply,
  {
    parts,
    caller,
    execution,
    context,
  }: { parts: CharmParts; caller: Caller; execution: Execution; context: RunContext },
): Promise<FastifyReply> {
  const renderer = new RunRenderer(context);
  return streamLog(reply, {
    parts,
    caller,
    executionId: execution.id,
    runId: context.runId,
    render: (event) => renderer.render(event),
    finish: async (last) => renderer.renderPause(last),
  });
}

/** Streams the log of an execution in whatever words. */
export async function streamLog(
  reply: FastifyReply,
  stream: {
    parts: CharmParts;
    caller: Caller;
    executionId: string;
    runId: string;
    render: (event: StoredEvent) => readonly WireEvent[];
    finish: (last: StoredEvent | undefined) => Promise<readonly WireEvent[]>;
  },
): Promise<FastifyReply> {
  const { parts, caller, executionId, render, finish } = stream;
  parts.streams.send(reply, {
    log: await parts.operations.watchExecution(caller, executionId, 0),
    // A run has one reader, the one who started it, and its frames hold that one's address of the server.
    frames: new FrameCache<undefined>((event) => framesOf(render(event))),
    context: undefined,
    headers: runHeader(stream.runId, executionId),
    heartbeat: thinkingHeartbeat,
    finish: async (last) => framesOf(await finish(last)),
  });
  return reply;
}

/** A stream that has no log: these events and the end. */
export function streamEvents(reply: FastifyReply, { streams }: CharmParts, events: readonly WireEvent[]): FastifyReply {
  streams.send(reply, {
    log: emptyLog,
    frames: new FrameCache<undefined>(() => undefined),
    context: undefined,
    finish: async () => framesOf(events),
  });
  return reply;
}

/** A name that cannot stand in a header goes by our own id of the run. */
function runHeader(runId: string, executionId: string): Record<string, string> {
  return { "X-Run-Id": /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(runId) ? runId : executionId };
}

export function contextOf(
  { parts, request, caller }: { parts: CharmParts; request: FastifyRequest; caller: Caller },
  execution: Pick<Execution, "id" | "createdAt" | "conversationId">,
  names: ReadonlyMap<string, string>,
): RunContext {
  const { id, createdAt, conversationId } = execution;
  // Asked for now: the request's headers are gone once the stream is open.
  const home = absoluteUrl(parts, request, "");
  return {
    runId: names.get(id) ?? id,
    threadId: conversationId === undefined ? null : (names.get(conversationId) ?? conversationId),
    createdAt,
    urlOf: (fileId) => home + linkPath(parts.operations, caller, fileId),
  };
}

function linkPath(operations: Pick<Operations, "linkFile">, caller: Caller, fileId: string): string {
  return `/charm/files/${fileId}?signature=${operations.linkFile(caller, fileId)}`;
}
