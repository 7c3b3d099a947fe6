import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { renderConversation } from "./render-conversation.ts";
import { conversationSchema } from "./schemas/conversation.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const getConversation: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/conversations/:id",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "getConversation",
          tag: "Conversations",
          summary: "Retrieve a conversation",
          answers: { 200: { description: "The conversation with its turns", schema: conversationSchema } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const conversationId = idOf("conversation", request.params.id);
      return sendJson(
        reply,
        200,
        renderConversation(await operations.getConversation(callerOf(request), conversationId)),
      );
    },
  );
};
