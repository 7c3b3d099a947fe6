import { callerOf } from "../../idempotency.ts";
import { toNanoUsd } from "../../money.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { organizationIdOf } from "./ids.ts";
import { renderOrganization } from "./render-organization.ts";
import { organizationSchema, updateOrganizationSchema } from "./schemas/organization.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const updateOrganization: Endpoint = (scope, { operations }) => {
  scope.patch(
    "/v1/organizations/:id",
    {
      config: { scopes: ["organizations:manage"] },
      schema: {
        ...documented({
          operationId: "updateOrganization",
          tag: "Organizations",
          summary: "Change an organization",
          answers: { 200: { description: "The organization as it is now", schema: organizationSchema } },
          errors: [400, 404],
        }),
        params: idParamsSchema,
        body: updateOrganizationSchema,
      },
    },
    async (request, reply) => {
      const { name, plan, creditLimitUsd } = request.body;
      const organizationId = organizationIdOf(request.params.id);
      const organization = await operations.updateOrganization(callerOf(request), organizationId, {
        ...(name !== undefined && { name }),
        ...(plan !== undefined && { plan }),
        ...(creditLimitUsd !== undefined && {
          creditLimitNanoUsd: creditLimitUsd === null ? null : toNanoUsd(creditLimitUsd),
        }),
      });
      return sendJson(reply, 200, renderOrganization(organization));
    },
  );
};
