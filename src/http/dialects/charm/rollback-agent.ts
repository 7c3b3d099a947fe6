import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { UndoneUpgrade } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { requireId } from "./ids.ts";
import { withPlainIds } from "./plain-ids.ts";
import type { WireEvent } from "./render-event.ts";
import { rollbackRequestSchema } from "./schemas/agent.ts";
import { streamEvents, streamLog } from "./stream-run.ts";

export const rollbackAgent: CharmEndpoint = (scope, parts) => {
  const { operations } = parts;
  scope.post(
    "/charm/v1/rollback",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "rollback_agent_v1_rollback_post",
          tag: "Versions",
          summary: "Rollback Agent",
          description:
            "Goes back to the version before the last upgrade and to the workspace of that moment, and streams how it goes. It goes on when the client leaves.",
          status: 200,
          answer: z.looseObject({ type: z.string() }).describe("One line `data: …` with such an object for each event"),
          type: "text/event-stream",
          errors: [404],
        }),
        body: rollbackRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const id = await requireId(operations, caller, "agent", request.body.agent_id);
      const begun = await operations.undoUpgrade(caller, id).catch(refusedInStream);
      if (begun instanceof RunyardError) return streamEvents(reply, parts, failed(begun));
      const { executionId, from, to } = begun;
      const opening: WireEvent = { type: "status", content: `Rolling back from ${from} to ${to}` };
      if (executionId === undefined) return streamEvents(reply, parts, [opening, ...(await outcome(begun))]);
      const reader = { ...caller, scopes: new Set([...caller.scopes, "agents:execute" as const]) };
      return await streamLog(reply, {
        parts,
        caller: reader,
        executionId,
        runId: executionId,
        render: (event) => {
          if (event.type === "execution-queued") return [{ ...opening, run_id: executionId }];
          return event.type === "status-noted" ? [{ type: "status", content: event.body.text }] : [];
        },
        finish: () => outcome(begun),
      });
    },
  );
};

/** An agent that never was upgraded is told in the stream, like everything that is known of after its beginning. */
function refusedInStream(error: unknown): RunyardError {
  if (error instanceof RunyardError && error.code === "snapshot_not_found") return error;
  throw error;
}

/** How it ended, once the version has moved or could not. */
async function outcome({ finished }: UndoneUpgrade): Promise<WireEvent[]> {
  try {
    await finished;
    return [
      { type: "final", content: "ROLLBACK_RESTORE_COMPLETE", format: "markdown" },
      { type: "internal_run_finished", content: { exit_code: 0 } },
    ];
  } catch (error) {
    if (error instanceof RunyardError) return failed(error);
    throw error;
  }
}

function failed(error: RunyardError): WireEvent[] {
  return [
    { type: "error", content: withPlainIds(error.message) },
    { type: "internal_run_finished", content: { exit_code: 1 } },
  ];
}
