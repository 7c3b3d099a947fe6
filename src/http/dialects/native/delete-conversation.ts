import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteConversation: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/conversations/:id",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "deleteConversation",
          tag: "Conversations",
          summary: "Delete a conversation",
          description: "For good, with all its turns and its session memory. What runs in it is cancelled first.",
          answers: { 200: { description: "Deleted", schema: deletedSchema("conversation") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const conversationId = idOf("conversation", request.params.id);
      await operations.deleteConversation(callerOf(request), conversationId);
      return sendJson(reply, 200, { id: spellId("conversation", conversationId), deleted: true });
    },
  );
};
