import { z } from "zod";
import { text, textQuery } from "./framework.ts";

export const notificationCreateSchema = z
  .object({ user_id: text, title: text, body: text, notification_type: text.default("info") })
  .meta({ id: "NotificationCreate" });

export const notificationReadSchema = z.object({ notification_ids: z.array(text) }).meta({ id: "NotificationRead" });

export const userQuery = textQuery.optional().describe("Whose. Default: the key's own user.");
