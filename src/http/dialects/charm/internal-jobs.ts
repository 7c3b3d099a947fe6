import type { FastifyReply } from "fastify";
import type { JsonObject } from "../../../contract/json.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { toUsd } from "../../money.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";

/** A route that keeps house for the whole installation; the product calls these by a clock of its own. */
function job(
  name: string,
  words: { summary: string; description: string },
  run: (operations: Operations, caller: Caller) => Promise<JsonObject>,
): CharmEndpoint {
  return (scope, { operations }) => {
    scope.post(
      `/charm/v1/internal/jobs/${name}`,
      {
        config: { scopes: ["internal"] },
        schema: documented({
          operationId: `${name.replaceAll("-", "_")}_v1_internal_jobs_${name.replaceAll("-", "_")}_post`,
          tag: "Internal",
          ...words,
          status: 200,
          takesNothing: true,
        }),
      },
      async (request, reply): Promise<FastifyReply> => {
        const answer = await run(operations, principalOf(request));
        return sendJson(reply, 200, { success: true, job: name, ...answer });
      },
    );
  };
}

export const cleanUpArtifacts = job(
  "cleanup-artifact-registry",
  {
    summary: "Cleanup Artifact Registry",
    description: "Removes expired uploads, bytes that nothing refers to, and installed dependencies that are not kept.",
  },
  async (operations, caller) => {
    const { uploads, blobs, layers } = await operations.cleanUpArtifacts(caller);
    return { removed_uploads: uploads, removed_blobs: blobs, removed_layers: layers };
  },
);

export const payCreators = job(
  "creator-payouts",
  {
    summary: "Creator Payouts",
    description: "Books for each agent what it has earned since its last payout. A second call finds nothing to pay.",
  },
  async (operations, caller) => {
    const payouts = await operations.payCreators(caller);
    return {
      payout_count: payouts.length,
      total_usd: toUsd(payouts.reduce((total, { amountNanoUsd }) => total + amountNanoUsd, 0)),
      payouts: payouts.map(({ organizationId, agentId, owner, amountNanoUsd, transactionId }) => ({
        organization_id: organizationId,
        agent_uuid: agentId,
        user_id: owner ?? null,
        amount_usd: toUsd(amountNanoUsd),
        transaction_id: transactionId,
      })),
    };
  },
);

export const resetWeeklyCredit = job(
  "weekly-reset",
  {
    summary: "Weekly Reset",
    description:
      "Gives every organization back what RUNYARD_WEEKLY_CREDIT_USD lets it spend in a week, once in a calendar week (UTC). Does nothing when that is not set.",
  },
  async (operations, caller) => {
    const { week, allowanceNanoUsd, organizations, creditedNanoUsd } = await operations.resetWeeklyCredit(caller);
    return {
      week,
      weekly_credit_usd: allowanceNanoUsd === undefined ? null : toUsd(allowanceNanoUsd),
      reset_count: organizations,
      credited_usd: toUsd(creditedNanoUsd),
      ...(allowanceNanoUsd === undefined && { message: "No weekly credit is set: RUNYARD_WEEKLY_CREDIT_USD." }),
    };
  },
);
