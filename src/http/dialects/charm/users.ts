import type { FastifyReply } from "fastify";
import { z } from "zod";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { SchemaError } from "./framework-errors.ts";
import { readFreeBody } from "./free-body.ts";
import { readProfile, renderUser } from "./render-user.ts";
import { text } from "./schemas/framework.ts";
import { userIdOf } from "./user-id.ts";

export const getOwnUser: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/users/me",
    {
      config: { scopes: ["agents:read"] },
      schema: documented({
        operationId: "get_current_user_v1_users_me_get",
        tag: "Users",
        summary: "Get Current User",
        description: "The key's own user, whose id is the organization's.",
        status: 200,
        takesNothing: true,
      }),
    },
    async (request, reply): Promise<FastifyReply> => {
      return sendJson(reply, 200, renderUser(await operations.getUser(principalOf(request))));
    },
  );
};

export const updateOwnUser: CharmEndpoint = (scope, { operations }) => {
  scope.patch(
    "/charm/v1/users/me",
    {
      config: { scopes: ["agents:write"] },
      schema: documented({
        operationId: "update_current_user_v1_users_me_patch",
        tag: "Users",
        summary: "Update Current User",
        description: "Keeps whatever fields come, beside those that are there. Null leaves a field as it is.",
        status: 200,
      }),
    },
    async (request, reply): Promise<FastifyReply> => {
      const fields = readProfile(readFreeBody(request.body));
      return sendJson(reply, 200, renderUser(await operations.updateOwnUser(principalOf(request), fields)));
    },
  );
};

export const getUser: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/users/:user_id",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_user_v1_users__user_id__get",
          tag: "Users",
          summary: "Get User",
          description:
            "A user is there from the first time that an agent, a run, a subscription or a notification names them.",
          status: 200,
          errors: [404],
        }),
        params: z.object({ user_id: text }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const user = await operations.getUser(caller, userIdOf(caller, request.params.user_id));
      return sendJson(reply, 200, renderUser(user));
    },
  );
};

export const createUser: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/users",
    {
      config: { scopes: ["agents:write"] },
      schema: documented({
        operationId: "create_user_v1_users_post",
        tag: "Users",
        summary: "Create User",
        description: "Takes whatever fields come. `id` may be chosen; a user who was only named so far is filled in.",
        status: 201,
        errors: [409],
      }),
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const fields = readFreeBody(request.body);
      const id = fields["id"] ?? fields["user_id"] ?? undefined;
      if (id !== undefined && typeof id !== "string") {
        const loc = ["body", fields["id"] == null ? "user_id" : "id"];
        throw new SchemaError([{ type: "string_type", loc, msg: "Input should be a valid string", input: id }]);
      }
      const user = await operations.createUser(caller, {
        profile: readProfile(fields),
        ...(id !== undefined && { id: userIdOf(caller, id) }),
      });
      return sendJson(reply, 201, renderUser(user));
    },
  );
};
