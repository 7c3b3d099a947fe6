import { z } from "zod";
import { readId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { readPage, renderPage } from "./page.ts";
import { renderConversationSummary } from "./render-conversation.ts";
import { conversationSummarySchema } from "./schemas/conversation.ts";
import { pageQuery, pageSchema } from "./schemas/page.ts";

export const listConversations: Endpoint = (scope, { operations }) => {
  scope.get(
    "/v1/conversations",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "listConversations",
          tag: "Conversations",
          summary: "List conversations",
          answers: { 200: { description: "A page of conversations", schema: pageSchema(conversationSummarySchema) } },
          errors: [400],
        }),
        querystring: z.object({ agentId: z.string().optional(), ...pageQuery }),
      },
    },
    async (request, reply) => {
      const page = readPage("conversation", request.query);
      const { agentId } = request.query;
      const wanted = agentId === undefined ? undefined : readId("agent", agentId);
      // Nothing belongs to an id that is none, which is an empty list and no error.
      if (agentId !== undefined && wanted === undefined) return sendJson(reply, 200, { data: [], hasMore: false });
      const filter = wanted === undefined ? {} : { agentId: wanted };
      const conversations = await operations.listConversations(callerOf(request), filter, page);
      return sendJson(reply, 200, renderPage("conversation", page, conversations, renderConversationSummary));
    },
  );
};
