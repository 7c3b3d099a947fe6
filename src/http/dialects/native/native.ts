import multipart from "@fastify/multipart";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Operations } from "../../../operations/operations.ts";
import { authenticate, readBearerKey } from "../../authentication.ts";
import { acceptIdempotencyKeys } from "../../idempotency.ts";
import type { SurfaceParts } from "../../server.ts";
import type { Surface } from "../../surface.ts";
import { WaitingCalls } from "../../waiting-calls.ts";
import { cancelExecution } from "./cancel-execution.ts";
import { createAgent } from "./create-agent.ts";
import { createFile } from "./create-file.ts";
import { createJob } from "./create-job.ts";
import { createKey } from "./create-key.ts";
import { createMemoryStore } from "./create-memory-store.ts";
import { createOrganization } from "./create-organization.ts";
import { createWebhook } from "./create-webhook.ts";
import type { AgentTemplate } from "./definition.ts";
import { deleteAgent } from "./delete-agent.ts";
import { deleteConversation } from "./delete-conversation.ts";
import { deleteFile } from "./delete-file.ts";
import { deleteJob } from "./delete-job.ts";
import { deleteMemoryEntry } from "./delete-memory-entry.ts";
import { deleteMemoryStore } from "./delete-memory-store.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { type Endpoint, type NativeParts, tags } from "./endpoint.ts";
import { executeAgent } from "./execute-agent.ts";
import { getAgent } from "./get-agent.ts";
import { getConversation } from "./get-conversation.ts";
import { getExecution } from "./get-execution.ts";
import { getFile } from "./get-file.ts";
import { getFileContent } from "./get-file-content.ts";
import { getJob } from "./get-job.ts";
import { getMemoryEntry } from "./get-memory-entry.ts";
import { getMemoryStore } from "./get-memory-store.ts";
import { getOrganization } from "./get-organization.ts";
import { getToolSecret } from "./get-tool-secret.ts";
import { getUsage } from "./get-usage.ts";
import { getWebhook } from "./get-webhook.ts";
import { listAgentVersions } from "./list-agent-versions.ts";
import { listAgents } from "./list-agents.ts";
import { listConversations } from "./list-conversations.ts";
import { listExecutions } from "./list-executions.ts";
import { listFiles } from "./list-files.ts";
import { listJobs } from "./list-jobs.ts";
import { listKeys } from "./list-keys.ts";
import { listMemoryEntries } from "./list-memory-entries.ts";
import { listMemoryStores } from "./list-memory-stores.ts";
import { listOrganizations } from "./list-organizations.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { putMemoryEntry } from "./put-memory-entry.ts";
import { renderError } from "./render-error.ts";
import { restartExecution } from "./restart-execution.ts";
import { revokeKey } from "./revoke-key.ts";
import { rollbackAgent } from "./rollback-agent.ts";
import { submitToolResults } from "./submit-tool-results.ts";
import { updateAgent } from "./update-agent.ts";
import { updateJob } from "./update-job.ts";
import { updateMemoryEntry } from "./update-memory-entry.ts";
import { updateMemoryStore } from "./update-memory-store.ts";
import { updateOrganization } from "./update-organization.ts";
import { updateWebhook } from "./update-webhook.ts";
import { watchExecution } from "./watch-execution.ts";

/** In the order in which the documents show them. */
const endpoints: readonly Endpoint[] = [
  createAgent,
  listAgents,
  getAgent,
  updateAgent,
  deleteAgent,
  listAgentVersions,
  rollbackAgent,
  getToolSecret,
  executeAgent,
  listExecutions,
  getExecution,
  watchExecution,
  cancelExecution,
  submitToolResults,
  restartExecution,
  createJob,
  listJobs,
  getJob,
  updateJob,
  deleteJob,
  listConversations,
  getConversation,
  deleteConversation,
  createMemoryStore,
  listMemoryStores,
  getMemoryStore,
  updateMemoryStore,
  deleteMemoryStore,
  putMemoryEntry,
  listMemoryEntries,
  getMemoryEntry,
  updateMemoryEntry,
  deleteMemoryEntry,
  listFiles,
  getFile,
  getFileContent,
  deleteFile,
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  createKey,
  listKeys,
  revokeKey,
  createOrganization,
  listOrganizations,
  getOrganization,
  updateOrganization,
  getUsage,
];

export interface NativeOptions {
  operations: Operations;
  /** Agent templates by id. Default: none. */
  templates?: ReadonlyMap<string, AgentTemplate>;
  /** The largest file that can be uploaded, in bytes. Default 100 MiB. */
  maxFileBytes?: number;
}

/** The native API under `/v1`. */
export function createNativeSurface(options: NativeOptions, { streams, closing }: SurfaceParts): Surface {
  const { operations, templates = new Map<string, AgentTemplate>(), maxFileBytes = 100 * 1024 * 1024 } = options;
  const waitingCalls = new WaitingCalls(closing);
  const parts: NativeParts = { operations, streams, waitingCalls, templates, maxFileBytes };
  return {
    name: "native",
    prefixes: ["/v1"],
    renderError,
    document: {
      title: "Runyard API",
      description,
      path: "/openapi.json",
      pagePath: "/docs",
      tags,
    },
    async register(scope) {
      scope.addHook("onRequest", authenticate(operations, readBearerKey));
      acceptIdempotencyKeys(scope, operations);
      const native = scope.withTypeProvider<ZodTypeProvider>();
      for (const endpoint of endpoints) endpoint(native, parts);
      // Forms have hooks of their own that the other routes need not pay for.
      await scope.register(async (forms) => {
        await forms.register(multipart);
        createFile(forms.withTypeProvider<ZodTypeProvider>(), parts);
      });
    },
  };
}

const description = `Keeps AI agents and runs them: synchronously, over a stream, or in the background.

Send the API key as \`Authorization: Bearer <key>\`. Bodies are JSON in camelCase; unknown fields are ignored. Text with NUL characters or halves of surrogate pairs is refused, in free text as well. Times are ISO 8601 in UTC, durations whole milliseconds. Ids are opaque.

Lists are newest first and paged by cursor: send \`nextCursor\` as \`after\` with the same filters while \`hasMore\` is true. Every POST may carry an \`Idempotency-Key\`, kept for 24 hours. Every answer has an \`X-Request-Id\`; every error the same shape.`;
