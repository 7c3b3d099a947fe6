import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { revokedKeySchema } from "./schemas/key.ts";
import { idParamsSchema } from "./schemas/text.ts";
import { renderTime } from "./time.ts";

export const revokeKey: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/keys/:id",
    {
      config: { scopes: ["keys:manage"] },
      schema: {
        ...documented({
          operationId: "revokeKey",
          tag: "Keys",
          summary: "Revoke an API key",
          answers: { 200: { description: "Revoked", schema: revokedKeySchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const key = await operations.revokeKey(callerOf(request), idOf("apiKey", request.params.id));
      return sendJson(reply, 200, {
        id: spellId("apiKey", key.id),
        deleted: true,
        ...(key.revokedAt !== null && { revokedAt: renderTime(key.revokedAt) }),
      });
    },
  );
};
