import type { ApiKey } from "../../../contract/organization.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { renderCreatedKey } from "./render-key.ts";
import { createdKeySchema, createKeySchema } from "./schemas/key.ts";

export const createKey: Endpoint = (scope, { operations }) => {
  scope.post(
    "/v1/keys",
    {
      config: { scopes: ["keys:manage"] },
      schema: {
        ...documented({
          operationId: "createKey",
          tag: "Keys",
          summary: "Create an API key",
          answers: { 201: { description: "The key, shown only here", schema: createdKeySchema } },
          errors: [400],
        }),
        body: createKeySchema,
      },
    },
    async (request, reply) => {
      const { name, environment, scopes, expiresAt } = request.body;
      const created = await operations.createKey(callerOf(request, answer), {
        name,
        environment,
        ...(scopes !== undefined && { scopes: [...new Set(scopes)] }),
        ...(expiresAt !== undefined && expiresAt !== null && { expiresAt: Date.parse(expiresAt) }),
      });
      reply.header("cache-control", "no-store");
      return sendJson(reply, 201, answer(created).body);
    },
  );
};

function answer(created: { apiKey: ApiKey; key: string }) {
  return { status: 201, body: renderCreatedKey(created) };
}
