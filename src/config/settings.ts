import { z } from "zod";
import { billingSettingsSchema } from "./billing-settings.ts";
import { codeSettingsSchema } from "./code-settings.ts";
import { modelSettingsSchema } from "./model-settings.ts";
import { planSettingsSchema } from "./plan-settings.ts";
import { providerSettingsSchema } from "./provider-settings.ts";
import { setting, settingsOf } from "./setting.ts";
import {
  baseUrlSchema,
  hostAndPortSchema,
  limitSchema,
  milliseconds,
  originSchema,
  secretSchema,
} from "./setting-types.ts";

const templateSchema = z.strictObject({
  systemPrompt: z.string().min(1).max(200_000),
  description: z.string().max(2_000).default(""),
});

/** Every setting of the server: what it may be, what it is when not set, where it is read from, and what it does. */
export const settingsSchema = z.strictObject({
  host: setting(z.string().min(1).max(255).default("127.0.0.1"), {
    env: ["RUNYARD_HOST"],
    text: "text",
    expected: "a host name or an IP address",
    about: "The address to listen on. `0.0.0.0` lets other machines in.",
  }),
  port: setting(z.int().min(0).max(65_535).default(8787), {
    env: ["RUNYARD_PORT"],
    text: "number",
    expected: "a whole number from 0 to 65535",
    about: "The port to listen on; 0 takes any free one.",
  }),
  publicUrl: setting(baseUrlSchema.optional(), {
    env: ["RUNYARD_PUBLIC_URL"],
    text: "text",
    expected: "an http or https URL",
    about: "How clients reach the server, for links in answers. Not set: taken from host and port.",
  }),
  dataDir: setting(z.string().min(1).default(".runyard"), {
    env: ["RUNYARD_DATA_DIR"],
    text: "text",
    expected: "a path",
    about: "Database, files and local models; made when absent.",
  }),
  databaseUrl: setting(
    secretSchema
      .refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), "no PostgreSQL URL")
      .optional(),
    {
      env: ["RUNYARD_DATABASE_URL"],
      text: "text",
      expected: "a URL such as `postgres://user:password@host:5432/name`",
      about: "A PostgreSQL database. Not set: SQLite in the data directory.",
      secret: true,
    },
  ),
  apiKey: setting(secretSchema.min(16).max(200).optional(), {
    env: ["RUNYARD_API_KEY"],
    text: "text",
    expected: "16 to 200 visible characters",
    about: "The first API key, with all scopes. Not set: generated at first start and printed once.",
    secret: true,
  }),
  organizationId: setting(
    z
      .guid()
      .transform((id) => id.toLowerCase())
      .optional(),
    {
      env: ["RUNYARD_ORGANIZATION_ID"],
      text: "text",
      expected: "a UUID",
      about: "The id of the organization that is made at first start. Not set: a new one.",
    },
  ),
  masterKey: setting(
    secretSchema
      .refine((text) => /^[0-9a-f]{64}$/i.test(text) || /^[A-Za-z0-9+/_-]{43}=?$/.test(text), "not 32 bytes")
      .optional(),
    {
      env: ["RUNYARD_MASTER_KEY"],
      text: "text",
      expected: "32 bytes as base64 or hex, as from `openssl rand -base64 32`",
      about: "Wraps the keys of secrets at rest. Not set: generated into the data directory.",
      secret: true,
    },
  ),
  concurrency: z
    .strictObject({
      total: setting(z.int().min(1).max(100_000).default(512), {
        env: ["RUNYARD_CONCURRENCY"],
        text: "number",
        expected: "a whole number from 1 to 100000",
        about: "Executions that run at the same time in one process; waiting ones do not count.",
      }),
      perOrganization: setting(limitSchema.default(null), {
        env: ["RUNYARD_CONCURRENCY_PER_ORGANIZATION"],
        text: "number",
        expected: "a whole number from 1, or null for no limit",
        about: "Of these, at most so many for one organization.",
      }),
      perAgent: setting(limitSchema.default(null), {
        env: ["RUNYARD_CONCURRENCY_PER_AGENT"],
        text: "number",
        expected: "a whole number from 1, or null for no limit",
        about: "Of these, at most so many for one agent.",
      }),
    })
    .prefault({}),
  allowPrivateNetwork: setting(z.array(hostAndPortSchema).default([]), {
    env: ["RUNYARD_ALLOW_PRIVATE_NETWORK"],
    text: "list",
    expected: "a list of host:port, where the port may be `*`",
    about: "Addresses off the public internet that tools and webhooks may call all the same.",
  }),
  corsOrigins: setting(z.array(originSchema).default([]), {
    env: ["RUNYARD_CORS_ORIGINS"],
    text: "list",
    expected: "a list of origins such as `https://app.example.com`, or `*`",
    about: "Web pages that may call the API from a browser.",
  }),
  code: codeSettingsSchema,
  billing: billingSettingsSchema,
  models: modelSettingsSchema,
  providers: providerSettingsSchema,
  search: z
    .strictObject({
      searxngBaseUrl: setting(baseUrlSchema.optional(), {
        env: ["SEARXNG_BASE_URL"],
        text: "text",
        expected: "an http or https URL",
        about: "A SearXNG server for the tool `web_search`.",
      }),
      braveApiKey: setting(secretSchema.optional(), {
        env: ["BRAVE_API_KEY"],
        text: "text",
        expected: "an API key of Brave Search, without blanks",
        about: "Brave Search for the tool `web_search`.",
        secret: true,
      }),
    })
    .prefault({}),
  plans: planSettingsSchema,
  templates: setting(
    z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i),
        z.union([
          z
            .string()
            .min(1)
            .max(200_000)
            .transform((systemPrompt) => ({ systemPrompt, description: "" })),
          templateSchema,
        ]),
      )
      .default({}),
    {
      text: "pairs",
      expected: "for each template id a system prompt, or `{systemPrompt, description?}`",
      about: "What an agent's `template` may name; the template's system prompt replaces the agent's.",
    },
  ),
  bodies: z
    .strictObject({
      maxBytes: setting(z.int().min(1_024).default(1_048_576), {
        env: ["RUNYARD_MAX_BODY_BYTES"],
        text: "number",
        expected: "bytes, a whole number from 1024",
        about: "The largest request body that is not an upload.",
      }),
      maxUploadBytes: setting(z.int().min(1_024).default(67_108_864), {
        env: ["RUNYARD_MAX_UPLOAD_BYTES"],
        text: "number",
        expected: "bytes, a whole number from 1024",
        about: "The largest uploaded file or bundle.",
      }),
      maxJsonDepth: setting(z.int().min(8).max(1_000).default(64), {
        env: ["RUNYARD_MAX_JSON_DEPTH"],
        text: "number",
        expected: "a whole number from 8 to 1000",
        about: "How deep JSON in a request may be nested.",
      }),
    })
    .prefault({}),
  streams: z
    .strictObject({
      heartbeatMs: setting(milliseconds.min(100).default(15_000), {
        env: ["RUNYARD_STREAM_HEARTBEAT_MS"],
        text: "number",
        expected: "milliseconds, a whole number from 100",
        about: "A quiet stream carries a comment this often, so that proxies keep it open.",
      }),
      maxBufferBytes: setting(z.int().min(16_384).default(131_072), {
        env: ["RUNYARD_STREAM_BUFFER_BYTES"],
        text: "number",
        expected: "bytes, a whole number from 16384",
        about: "A reader that falls further behind is closed; it can resume.",
      }),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      logLevel: setting(z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"), {
        env: ["RUNYARD_LOG_LEVEL"],
        text: "text",
        expected: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`",
        about: "`debug` adds a line for each request, execution, step, model call and tool call.",
      }),
      logFormat: setting(z.enum(["auto", "json", "pretty"]).default("auto"), {
        env: ["RUNYARD_LOG_FORMAT"],
        text: "text",
        expected: "`auto`, `json` or `pretty`",
        about: "`auto` is pretty in a terminal and JSON lines elsewhere.",
      }),
      otlpEndpoint: setting(baseUrlSchema.optional(), {
        env: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
        text: "text",
        expected: "an http or https URL",
        about: "Turns on traces: an OpenTelemetry collector that takes OTLP over HTTP, e.g. `http://127.0.0.1:4318`.",
      }),
      otlpHeaders: setting(z.record(z.string().min(1), z.string()).default({}), {
        env: ["OTEL_EXPORTER_OTLP_HEADERS"],
        text: "pairs",
        expected: "pairs of a header name and its value",
        about: "Sent along to the collector.",
        secret: true,
      }),
    })
    .prefault({}),
  eventLogHours: setting(z.number().min(1).max(87_600).default(24), {
    env: ["RUNYARD_EVENT_LOG_HOURS"],
    text: "number",
    expected: "hours, from 1 to 87600",
    about: "How long the event log of a finished execution can be replayed; the execution itself stays.",
  }),
  drainTimeoutMs: setting(milliseconds.default(25_000), {
    env: ["RUNYARD_DRAIN_TIMEOUT_MS"],
    text: "number",
    expected: "milliseconds, a whole number from 0",
    about: "At a stop, running executions get this long to end before they are handed back to be resumed.",
  }),
});

export type Settings = z.output<typeof settingsSchema>;

/** All settings, in the order of the schema. */
export const allSettings = settingsOf(settingsSchema);

/** Read by the command line as a client or by `loadSettings` itself; not settings of the server. */
export const otherVariables: readonly string[] = ["RUNYARD_CONFIG", "RUNYARD_URL"];
