import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderOrganization } from "./render-organization.ts";
import { organizationSchema } from "./schemas/organization.ts";
import { pageQuerySchema, pageSchema } from "./schemas/page.ts";

export const listOrganizations: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/organizations",
    {
      config: { scopes: ["organizations:manage"] },
      schema: {
        ...documented({
          operationId: "listOrganizations",
          tag: "Organizations",
          summary: "List organizations",
          answers: { 200: { description: "A page of organizations", schema: pageSchema(organizationSchema) } },
          errors: [400],
        }),
        querystring: pageQuerySchema,
      },
    },
    async (request, reply) => {
      const page = readPage("organization", request.query);
      const organizations = await operations.listOrganizations(callerOf(request), page);
      return sendJson(reply, 200, renderPage("organization", page, organizations, renderOrganization));
    },
  );
};
