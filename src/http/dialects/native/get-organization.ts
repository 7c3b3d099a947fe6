import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { organizationIdOf } from "./ids.ts";
import { renderOrganization } from "./render-organization.ts";
import { organizationSchema } from "./schemas/organization.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getOrganization: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/organizations/:id",
    {
      config: { scopes: ["organizations:manage"] },
      schema: {
        ...documented({
          operationId: "getOrganization",
          tag: "Organizations",
          summary: "Retrieve an organization",
          answers: { 200: { description: "The organization", schema: organizationSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const organization = await operations.getOrganization(callerOf(request), organizationIdOf(request.params.id));
      return sendJson(reply, 200, renderOrganization(organization));
    },
  );
};
