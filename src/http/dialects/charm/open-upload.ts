import type { FastifyReply } from "fastify";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { absoluteUrl, documented } from "./endpoint.ts";
import { uploadTokenRequestSchema, uploadTokenSchema } from "./schemas/push.ts";
import { storagePathOf } from "./storage-path.ts";
import { storeBase, type StoreEndpoint } from "./store-endpoint.ts";

export const openUpload: StoreEndpoint = (scope, parts, base) => {
  scope.post(
    `${base}/agents/upload-token`,
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "create_upload_token_api_v1_agents_upload_token_post",
          tag: "Store",
          hide: base !== storeBase,
          summary: "Create Upload Token",
          description: "The address takes the bytes of one bundle, once, within 15 minutes, and needs no key.",
          status: 200,
          answer: uploadTokenSchema,
        }),
        body: uploadTokenRequestSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { agent_name: name, version } = request.body;
      const { id, token } = await parts.operations.openUpload(principalOf(request), { name, version });
      return sendJson(reply, 200, {
        upload_url: absoluteUrl(parts, request, `/charm/api/v1/uploads/${token}`),
        storage_path: storagePathOf(id),
      });
    },
  );
};
