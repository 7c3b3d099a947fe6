import type { Organization } from "../../../contract/organization.ts";
import { callerOf } from "../../idempotency.ts";
import { toNanoUsd } from "../../money.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { renderCreatedOrganization } from "./render-organization.ts";
import { createdOrganizationSchema, createOrganizationSchema } from "./schemas/organization.ts";

export const createOrganization: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/organizations",
    {
      config: { scopes: ["organizations:manage"] },
      schema: {
        ...documented({
          operationId: "createOrganization",
          tag: "Organizations",
          summary: "Create an organization",
          answers: {
            201: { description: "The organization, with a key shown only here", schema: createdOrganizationSchema },
          },
          errors: [400],
        }),
        body: createOrganizationSchema,
      },
    },
    async (request, reply) => {
      const { name, plan, creditLimitUsd } = request.body;
      const created = await operations.createOrganization(callerOf(request, answer), {
        name,
        ...(plan !== undefined && { plan }),
        ...(creditLimitUsd !== undefined && {
          creditLimitNanoUsd: creditLimitUsd === null ? null : toNanoUsd(creditLimitUsd),
        }),
      });
      reply.header("cache-control", "no-store");
      return sendJson(reply, 201, answer(created).body);
    },
  );
};

function answer(created: { organization: Organization; key: string }) {
  return {
    status: 201,
    body: renderCreatedOrganization(created),
  };
}
