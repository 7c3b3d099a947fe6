import type { FastifyReply } from "fastify";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { JsonObject } from "../../../contract/json.ts";
import type { Notification } from "../../../contract/user.ts";
import type { Caller, NotificationChange } from "../../../operations/operations.ts";
import { principalOf } from "../../request-state.ts";
import { sendJson } from "../../send-json.ts";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { describeProblems, SchemaError } from "./framework-errors.ts";
import { readFreeBody } from "./free-body.ts";
import { boolean, limitQuery, offsetQuery, text } from "./schemas/framework.ts";
import { notificationCreateSchema, notificationReadSchema, userQuery } from "./schemas/notification.ts";
import { renderTime } from "./time.ts";
import { userIdOf } from "./user-id.ts";
import { readUuid } from "./uuid.ts";

export const countNotifications: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/notifications/count",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "get_notification_count_v1_notifications_count_get",
          tag: "Notifications",
          summary: "Get Notification Count",
          description: "How many are unread; both members say the same.",
          status: 200,
        }),
        querystring: z.object({ user_id: userQuery }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const count = await operations.countUnreadNotifications(caller, userFilter(caller, request.query.user_id));
      return sendJson(reply, 200, { count, unread_count: count });
    },
  );
};

export const listNotifications: CharmEndpoint = (scope, { operations }) => {
  scope.get(
    "/charm/v1/notifications",
    {
      config: { scopes: ["agents:read"] },
      schema: {
        ...documented({
          operationId: "list_notifications_v1_notifications_get",
          tag: "Notifications",
          summary: "List Notifications",
          description: "Newest first.",
          status: 200,
          answer: z.array(z.looseObject({})),
        }),
        querystring: z.object({ user_id: userQuery, limit: limitQuery(50), offset: offsetQuery() }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { user_id: userId, limit, offset } = request.query;
      const page = await operations.listNotifications(caller, userFilter(caller, userId), { limit, offset });
      return sendJson(reply, 200, page.items.map(renderNotification));
    },
  );
};

export const createNotification: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/notifications",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "create_notification_v1_notifications_post",
          tag: "Notifications",
          summary: "Create Notification",
          status: 201,
        }),
        body: notificationCreateSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const caller = principalOf(request);
      const { user_id: userId, title, body, notification_type: kind } = request.body;
      const notification = { userId: userIdOf(caller, userId), title, body, kind };
      return sendJson(reply, 201, renderNotification(await operations.createNotification(caller, notification)));
    },
  );
};

export const readNotifications: CharmEndpoint = (scope, { operations }) => {
  scope.post(
    "/charm/v1/notifications/read",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "mark_notifications_read_v1_notifications_read_post",
          tag: "Notifications",
          summary: "Mark Notifications Read",
          description: "Ids of no notification are passed over; `updated` says how many were unread.",
          status: 200,
        }),
        body: notificationReadSchema,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const ids = request.body.notification_ids.map(readUuid).filter((id) => id !== undefined);
      const updated = await operations.readNotifications(principalOf(request), ids);
      return sendJson(reply, 200, { success: true, updated });
    },
  );
};

/** The product declares no body: without one, the notification is marked as read. */
export const updateNotification: CharmEndpoint = (scope, { operations }) => {
  scope.put(
    "/charm/v1/notifications/:notification_id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "update_notification_v1_notifications__notification_id__put",
          tag: "Notifications",
          summary: "Update Notification",
          description:
            "May carry `is_read`, `title`, `body` and `notification_type`. Without any of them it marks the notification as read.",
          status: 200,
          errors: [404],
        }),
        params: z.object({ notification_id: text }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const id = notificationIdOf(request.params.notification_id);
      const change = readChange(request.body);
      const notification = await operations.updateNotification(principalOf(request), id, change);
      return sendJson(reply, 200, renderNotification(notification));
    },
  );
};

export const deleteNotification: CharmEndpoint = (scope, { operations }) => {
  scope.delete(
    "/charm/v1/notifications/:notification_id",
    {
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "delete_notification_v1_notifications__notification_id__delete",
          tag: "Notifications",
          summary: "Delete Notification",
          status: 204,
          errors: [404],
        }),
        params: z.object({ notification_id: text }),
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      await operations.deleteNotification(principalOf(request), notificationIdOf(request.params.notification_id));
      return reply.code(204).send();
    },
  );
};

function renderNotification(notification: Notification): JsonObject {
  const { id, userId, title, body, kind, readAt, createdAt } = notification;
  return {
    id,
    notification_id: id,
    user_id: userId,
    title,
    body,
    notification_type: kind,
    is_read: readAt !== null,
    read_at: readAt === null ? null : renderTime(readAt),
    created_at: renderTime(createdAt),
  };
}

function userFilter(caller: Caller, userId: string | undefined): { userId?: string } {
  return userId === undefined ? {} : { userId: userIdOf(caller, userId) };
}

/** @throws RunyardError `notification_not_found` */
function notificationIdOf(text: string): Id {
  const id = readUuid(text);
  if (id === undefined) throw new RunyardError("notification_not_found", "There is no such notification.");
  return id;
}

const changeSchema = z.object({
  is_read: boolean.nullish(),
  read: boolean.nullish(),
  title: text.nullish(),
  body: text.nullish(),
  notification_type: text.nullish(),
});

function readChange(given: unknown): NotificationChange {
  const fields = readFreeBody(given);
  const parsed = changeSchema.safeParse(fields);
  if (!parsed.success) throw new SchemaError(describeProblems(parsed.error, fields, ["body"]));
  const { is_read: isRead, read, title, body, notification_type: kind } = parsed.data;
  const flag = isRead ?? read;
  const change: NotificationChange = {
    ...(flag != null && { isRead: flag }),
    ...(title != null && { title }),
    ...(body != null && { body }),
    ...(kind != null && { kind }),
  };
  return Object.keys(change).length === 0 ? { isRead: true } : change;
}
