import { authenticate } from "./authenticate.ts";
import { awaitExecution } from "./await-execution.ts";
import { cancelExecution } from "./cancel-execution.ts";
import { createAgent } from "./create-agent.ts";
import { createFile } from "./create-file.ts";
import { createKey } from "./create-key.ts";
import { createMemoryStore } from "./create-memory-store.ts";
import { createOrganization } from "./create-organization.ts";
import { createWebhook } from "./create-webhook.ts";
import { deleteAgent } from "./delete-agent.ts";
import { deleteConversation } from "./delete-conversation.ts";
import { deleteFile } from "./delete-file.ts";
import { deleteMemoryEntry } from "./delete-memory-entry.ts";
import { deleteMemoryStore } from "./delete-memory-store.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { describeExecution } from "./describe-execution.ts";
import { executeAgent } from "./execute-agent.ts";
import { findIdempotent } from "./find-idempotent.ts";
import { getAgent } from "./get-agent.ts";
import { getConversation } from "./get-conversation.ts";
import { getExecution } from "./get-execution.ts";
import { getFile } from "./get-file.ts";
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
import { listKeys } from "./list-keys.ts";
import { listMemoryEntries } from "./list-memory-entries.ts";
import { listMemoryStores } from "./list-memory-stores.ts";
import { listOrganizations } from "./list-organizations.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { openFile } from "./open-file.ts";
import type { Operations } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { putMemoryEntry } from "./put-memory-entry.ts";
import { restartExecution } from "./restart-execution.ts";
import { revokeKey } from "./revoke-key.ts";
import { rollbackAgent } from "./rollback-agent.ts";
import { submitToolResults } from "./submit-tool-results.ts";
import { takeRequest } from "./take-request.ts";
import { updateAgent } from "./update-agent.ts";
import { updateMemoryEntry } from "./update-memory-entry.ts";
import { updateMemoryStore } from "./update-memory-store.ts";
import { updateOrganization } from "./update-organization.ts";
import { updateWebhook } from "./update-webhook.ts";
import { watchExecution } from "./watch-execution.ts";

/** Gives every verb its parts. */
export function createOperations(parts: OperationParts): Operations {
  const bind =
    <Given extends unknown[], Result>(verb: (parts: OperationParts, ...given: Given) => Result) =>
    (...given: Given): Result =>
      verb(parts, ...given);
  return {
    authenticate: bind(authenticate),
    takeRequest: bind(takeRequest),
    findIdempotent: bind(findIdempotent),
    createAgent: bind(createAgent),
    updateAgent: bind(updateAgent),
    getAgent: bind(getAgent),
    listAgents: bind(listAgents),
    deleteAgent: bind(deleteAgent),
    listAgentVersions: bind(listAgentVersions),
    rollbackAgent: bind(rollbackAgent),
    getToolSecret: bind(getToolSecret),
    executeAgent: bind(executeAgent),
    getExecution: bind(getExecution),
    describeExecution: bind(describeExecution),
    listExecutions: bind(listExecutions),
    awaitExecution: bind(awaitExecution),
    watchExecution: bind(watchExecution),
    cancelExecution: bind(cancelExecution),
    submitToolResults: bind(submitToolResults),
    restartExecution: bind(restartExecution),
    getConversation: bind(getConversation),
    listConversations: bind(listConversations),
    deleteConversation: bind(deleteConversation),
    createMemoryStore: bind(createMemoryStore),
    getMemoryStore: bind(getMemoryStore),
    updateMemoryStore: bind(updateMemoryStore),
    listMemoryStores: bind(listMemoryStores),
    deleteMemoryStore: bind(deleteMemoryStore),
    putMemoryEntry: bind(putMemoryEntry),
    getMemoryEntry: bind(getMemoryEntry),
    updateMemoryEntry: bind(updateMemoryEntry),
    listMemoryEntries: bind(listMemoryEntries),
    deleteMemoryEntry: bind(deleteMemoryEntry),
    createKey: bind(createKey),
    listKeys: bind(listKeys),
    revokeKey: bind(revokeKey),
    createWebhook: bind(createWebhook),
    getWebhook: bind(getWebhook),
    listWebhooks: bind(listWebhooks),
    updateWebhook: bind(updateWebhook),
    deleteWebhook: bind(deleteWebhook),
    getUsage: bind(getUsage),
    createOrganization: bind(createOrganization),
    getOrganization: bind(getOrganization),
    listOrganizations: bind(listOrganizations),
    updateOrganization: bind(updateOrganization),
    createFile: bind(createFile),
    getFile: bind(getFile),
    openFile: bind(openFile),
    listFiles: bind(listFiles),
    deleteFile: bind(deleteFile),
  };
}
