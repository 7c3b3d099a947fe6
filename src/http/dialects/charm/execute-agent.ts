import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { Caller, ExecuteRequest, Operations } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { readCodeRun } from "./read-execute.ts";
import { executeRequestSchema } from "./schemas/run.ts";
import { contextOf, streamRun } from "./stream-run.ts";
import { readUuid } from "./uuid.ts";

const bodyLimitBytes = 10 * 1024 * 1024;

export const executeAgent: CharmEndpoint = (scope, parts) => {
  const { operations } = parts;
  scope.post(
    "/charm/v1/execute",
    {
      bodyLimit: bodyLimitBytes,
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "execute_agent_v1_execute_post",
          tag: "Execute",
          summary: "Execute Agent",
          description:
            "Execute an AI agent with input payload and stream results via SSE. A client that leaves does not stop the run; its id is in the header `X-Run-Id` and in the first `status`.",
          status: 200,
          answer: z.looseObject({ type: z.string() }).describe("One line `data: …` with such an object for each event"),
          type: "text/event-stream",
          errors: [404, 409, 413],
        }),
        body: executeRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { body } = request;
      const code = readCodeRun(body);
      const agentId = await requireId(operations, caller, "agent", body.agent_id);
      const runId = nonEmpty(body.run_id);
      const threadId = nonEmpty(body.thread_id);
      const callbackUrl = nonEmpty(body.completion_callback_url);
      const wanted: ExecuteRequest = {
        input: body.input_payload,
        versionLabel: body.version,
        code,
        ...(await thread(operations, caller, threadId)),
        ...(runId !== undefined && { alias: runId }),
        ...(callbackUrl !== undefined && { completionCallbackUrl: callbackUrl }),
      };
      const execution = await operations.executeAgent(caller, agentId, wanted);
      const names = new Map<Id, string>();
      if (runId !== undefined) names.set(execution.id, runId);
      if (threadId !== undefined && execution.conversationId !== undefined)
        names.set(execution.conversationId, threadId);
      const context = contextOf({ parts, request, caller }, execution, names);
      return await streamRun(reply, { parts, caller, execution, context });
    },
  );
};

/** An empty text says nothing, like null. */
function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === "" ? undefined : text;
}

/** A thread by its caller's name; one that was begun through another API by our own id of it. */
async function thread(
  operations: Pick<Operations, "findByAlias" | "getConversation">,
  caller: Caller,
  threadId: string | undefined,
): Promise<Pick<ExecuteRequest, "conversationAlias" | "conversationId">> {
  if (threadId === undefined) return { conversationAlias: null };
  const id = readUuid(threadId);
  if (id === undefined || (await operations.findByAlias(caller, "conversation", threadId)) !== undefined) {
    return { conversationAlias: threadId };
  }
  try {
    await operations.getConversation(caller, id);
    return { conversationId: id };
  } catch (error) {
    const mayNotRead = error instanceof RunyardError && error.code === "insufficient_scope";
    if (mayNotRead || (error instanceof RunyardError && error.code === "conversation_not_found")) {
      return { conversationAlias: threadId };
    }
    throw error;
  }
}
