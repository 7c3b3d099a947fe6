import { z } from "zod";
import { object, text } from "./framework.ts";

/** What `charm push` registers. */
export const pushSchema = z
  .object({
    metadata: z.object({ uac: object, repo: object.nullish() }),
    storage_path: text.nullish(),
  })
  .meta({ id: "CharmPush" });

/** The same as older releases send it: without a bundle. */
export const olderPushSchema = z.object({ uac: object, repo: object.nullish() });

export const uploadTokenRequestSchema = z
  .object({ agent_name: text, version: text })
  .meta({ id: "CharmUploadRequest" });

export const uploadTokenSchema = z
  .object({ upload_url: z.string(), storage_path: z.string() })
  .meta({ id: "CharmUploadToken" });

export const publishedSchema = z
  .object({
    status: z.literal("published"),
    agent_id: z.string(),
    slug: z.string(),
    version: z.string(),
    url: z.string(),
  })
  .meta({ id: "CharmPublished" });

export const logsSchema = z
  .object({
    logs: z.array(
      z.object({
        created_at: z.string(),
        status: z.string(),
        input_payload: object,
        error_message: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "CharmLogs" });
