import { RunyardError } from "../../contract/errors.ts";
import type { StoredEvent } from "../../contract/events.ts";
import type { Execution } from "../../contract/execution.ts";
import { newId } from "../../contract/ids.ts";
import { type Organization, type Principal, type Scope, scopes } from "../../contract/organization.ts";
import { noUsage } from "../../contract/usage.ts";
import type { Operations } from "../../operations/operations.ts";

export const testKey = "ya_live_sk_protocol";

export const testOrganization: Organization = {
  id: newId(),
  name: "Protocol",
  plan: "enterprise",
  environment: "live",
  liveId: newId(),
  creditLimitNanoUsd: null,
  spentNanoUsd: 0,
  reservedNanoUsd: 0,
  walletNanoUsd: 0,
  createdAt: 0,
};

export function testPrincipal(granted: readonly Scope[] = scopes): Principal {
  return { organization: testOrganization, keyId: newId(), scopes: new Set(granted) };
}

/** An execution that has completed, with changes. */
export function testExecution(changes: Partial<Execution> = {}): Execution {
  return {
    id: newId(),
    organizationId: testOrganization.id,
    program: "chat",
    agentId: newId(),
    agentVersionId: newId(),
    conversationId: newId(),
    status: "completed",
    attempt: 1,
    lastSeq: 4,
    input: "Hello?",
    metadata: {},
    output: "Hello.",
    error: undefined,
    toolCalls: [],
    usage: noUsage,
    costNanoUsd: 0,
    timing: { totalMs: 12, firstTokenMs: 3, toolCallMs: 0 },
    createdAt: Date.UTC(2026, 2, 15, 10, 30),
    finishedAt: Date.UTC(2026, 2, 15, 10, 30, 1),
    ...changes,
  };
}

/** The log of an execution from its texts: queued, one delta each, completed. */
export function testLog(executionId: string, texts: readonly string[]): StoredEvent[] {
  const frame = { executionId, attempt: 1, step: 0, at: 0 };
  return [
    { ...frame, seq: 1, type: "execution-queued", body: { input: "Hello?" } },
    ...texts.map((text, index): StoredEvent => ({ ...frame, seq: index + 2, type: "text-delta", body: { text } })),
    { ...frame, seq: texts.length + 2, type: "execution-completed", body: { output: texts.join("") } },
  ];
}

/**
 * Operations for tests of the protocol: one key, and nothing else but what a test gives. The behaviour of the API itself
 * is tested on the real platform, in test/api.
 */
export function testOperations(given: Partial<Operations> = {}): Operations {
  return {
    async authenticate(keyText) {
      if (keyText !== testKey) throw new RunyardError("invalid_api_key", "No such key.");
      return testPrincipal();
    },
    takeRequest: () => undefined,
    findIdempotent: async () => ({ kind: "new" }),
    createAgent: notGiven,
    updateAgent: notGiven,
    getAgent: notGiven,
    listAgents: notGiven,
    deleteAgent: notGiven,
    listAgentVersions: notGiven,
    rollbackAgent: notGiven,
    findByAlias: notGiven,
    readAliases: notGiven,
    listVersions: notGiven,
    pushVersion: notGiven,
    upgradeAgent: notGiven,
    undoUpgrade: notGiven,
    openUpload: notGiven,
    receiveUpload: notGiven,
    getUpload: notGiven,
    readRunNotes: notGiven,
    listEvents: notGiven,
    noteProgress: notGiven,
    completeExecution: notGiven,
    linkFile: notGiven,
    openLinkedFile: notGiven,
    getToolSecret: notGiven,
    executeAgent: notGiven,
    getExecution: notGiven,
    describeExecution: notGiven,
    listExecutions: notGiven,
    awaitExecution: notGiven,
    watchExecution: notGiven,
    cancelExecution: notGiven,
    submitToolResults: notGiven,
    restartExecution: notGiven,
    getConversation: notGiven,
    listConversations: notGiven,
    deleteConversation: notGiven,
    createMemoryStore: notGiven,
    getMemoryStore: notGiven,
    updateMemoryStore: notGiven,
    listMemoryStores: notGiven,
    deleteMemoryStore: notGiven,
    putMemoryEntry: notGiven,
    getMemoryEntry: notGiven,
    updateMemoryEntry: notGiven,
    listMemoryEntries: notGiven,
    deleteMemoryEntry: notGiven,
    createKey: notGiven,
    listKeys: notGiven,
    revokeKey: notGiven,
    createWebhook: notGiven,
    getWebhook: notGiven,
    listWebhooks: notGiven,
    updateWebhook: notGiven,
    deleteWebhook: notGiven,
    getUsage: notGiven,
    createJob: notGiven,
    getJob: notGiven,
    listJobs: notGiven,
    updateJob: notGiven,
    cancelJob: notGiven,
    deleteJob: notGiven,
    startDaemon: notGiven,
    stopDaemon: notGiven,
    restartDaemon: notGiven,
    terminateDaemon: notGiven,
    getDaemon: notGiven,
    listDaemons: notGiven,
    createOrganization: notGiven,
    getOrganization: notGiven,
    listOrganizations: notGiven,
    updateOrganization: notGiven,
    inspectBundle: notGiven,
    createFile: notGiven,
    getFile: notGiven,
    openFile: notGiven,
    listFiles: notGiven,
    deleteFile: notGiven,
    getUser: notGiven,
    createUser: notGiven,
    updateOwnUser: notGiven,
    createNotification: notGiven,
    listNotifications: notGiven,
    countUnreadNotifications: notGiven,
    readNotifications: notGiven,
    updateNotification: notGiven,
    deleteNotification: notGiven,
    getWallet: notGiven,
    createTransaction: notGiven,
    createSubscription: notGiven,
    listSubscriptions: notGiven,
    getSubscription: notGiven,
    receivePaymentEvent: notGiven,
    searchAgents: notGiven,
    getAgentStats: notGiven,
    countAgentRuns: notGiven,
    countAgentInstalls: notGiven,
    breakDownAgentErrors: notGiven,
    listAgentUsage: notGiven,
    getTokenDistribution: notGiven,
    getLatencyDistribution: notGiven,
    getSessionDepth: notGiven,
    findAgentAnywhere: notGiven,
    listAllAgents: notGiven,
    listAllUsers: notGiven,
    listUserCosts: notGiven,
    getCosts: notGiven,
    cleanUpArtifacts: notGiven,
    payCreators: notGiven,
    resetWeeklyCredit: notGiven,
    ...given,
  };
}

function notGiven(): never {
  throw new Error("this test gives no such operation");
}
