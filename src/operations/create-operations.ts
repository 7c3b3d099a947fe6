import { findByAlias, readAliases } from "./alias.ts";
import { authenticate } from "./authenticate.ts";
import { awaitExecution } from "./await-execution.ts";
import { breakDownAgentErrors } from "./break-down-agent-errors.ts";
import { getUpload, openUpload, receiveUpload } from "./bundle-upload.ts";
import { cancelExecution } from "./cancel-execution.ts";
import { cancelJob } from "./cancel-job.ts";
import { cleanUpArtifacts } from "./clean-up-artifacts.ts";
import { completeExecution } from "./complete-execution.ts";
import { countAgentInstalls } from "./count-agent-installs.ts";
import { countAgentRuns } from "./count-agent-runs.ts";
import { countUnreadNotifications } from "./count-unread-notifications.ts";
import { createAgent } from "./create-agent.ts";
import { createFile } from "./create-file.ts";
import { createJob } from "./create-job.ts";
import { createKey } from "./create-key.ts";
import { createMemoryStore } from "./create-memory-store.ts";
import { createNotification } from "./create-notification.ts";
import { createOrganization } from "./create-organization.ts";
import { createSubscription } from "./create-subscription.ts";
import { createTransaction } from "./create-transaction.ts";
import { createUser } from "./create-user.ts";
import { createWebhook } from "./create-webhook.ts";
import { deleteAgent } from "./delete-agent.ts";
import { deleteConversation } from "./delete-conversation.ts";
import { deleteFile } from "./delete-file.ts";
import { deleteJob } from "./delete-job.ts";
import { deleteMemoryEntry } from "./delete-memory-entry.ts";
import { deleteMemoryStore } from "./delete-memory-store.ts";
import { deleteNotification } from "./delete-notification.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { describeExecution } from "./describe-execution.ts";
import { executeAgent } from "./execute-agent.ts";
import { linkFile, openLinkedFile } from "./file-links.ts";
import { findAgentAnywhere } from "./find-agent-anywhere.ts";
import { findIdempotent } from "./find-idempotent.ts";
import { getAgentStats } from "./get-agent-stats.ts";
import { getAgent } from "./get-agent.ts";
import { getConversation } from "./get-conversation.ts";
import { getCosts } from "./get-costs.ts";
import { getDaemon } from "./get-daemon.ts";
import { getExecution } from "./get-execution.ts";
import { getFile } from "./get-file.ts";
import { getJob } from "./get-job.ts";
import { getLatencyDistribution } from "./get-latency-distribution.ts";
import { getMemoryEntry } from "./get-memory-entry.ts";
import { getMemoryStore } from "./get-memory-store.ts";
import { getOrganization } from "./get-organization.ts";
import { getSessionDepth } from "./get-session-depth.ts";
import { getSubscription } from "./get-subscription.ts";
import { getTokenDistribution } from "./get-token-distribution.ts";
import { getToolSecret } from "./get-tool-secret.ts";
import { getUsage } from "./get-usage.ts";
import { getUser } from "./get-user.ts";
import { getWallet } from "./get-wallet.ts";
import { getWebhook } from "./get-webhook.ts";
import { inspectBundle } from "./inspect-bundle.ts";
import { listAgentUsage } from "./list-agent-usage.ts";
import { listAgentVersions } from "./list-agent-versions.ts";
import { listAgents } from "./list-agents.ts";
import { listAllAgents } from "./list-all-agents.ts";
import { listAllUsers } from "./list-all-users.ts";
import { listConversations } from "./list-conversations.ts";
import { listDaemons } from "./list-daemons.ts";
import { listEvents } from "./list-events.ts";
import { listExecutions } from "./list-executions.ts";
import { listFiles } from "./list-files.ts";
import { listJobs } from "./list-jobs.ts";
import { listKeys } from "./list-keys.ts";
import { listMemoryEntries } from "./list-memory-entries.ts";
import { listMemoryStores } from "./list-memory-stores.ts";
import { listNotifications } from "./list-notifications.ts";
import { listOrganizations } from "./list-organizations.ts";
import { listSubscriptions } from "./list-subscriptions.ts";
import { listUserCosts } from "./list-user-costs.ts";
import { listVersions } from "./list-versions.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { noteProgress } from "./note-progress.ts";
import { openFile } from "./open-file.ts";
import type { Operations } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { payCreators } from "./pay-creators.ts";
import { pushVersion } from "./push-version.ts";
import { putMemoryEntry } from "./put-memory-entry.ts";
import { readNotifications } from "./read-notifications.ts";
import { readRunNotes } from "./read-run-notes.ts";
import { receivePaymentEvent } from "./receive-payment-event.ts";
import { resetWeeklyCredit } from "./reset-weekly-credit.ts";
import { restartDaemon } from "./restart-daemon.ts";
import { restartExecution } from "./restart-execution.ts";
import { revokeKey } from "./revoke-key.ts";
import { rollbackAgent } from "./rollback-agent.ts";
import { searchAgents } from "./search-agents.ts";
import { startDaemon } from "./start-daemon.ts";
import { stopDaemon } from "./stop-daemon.ts";
import { submitToolResults } from "./submit-tool-results.ts";
import { takeRequest } from "./take-request.ts";
import { terminateDaemon } from "./terminate-daemon.ts";
import { undoUpgrade } from "./undo-upgrade.ts";
import { updateAgent } from "./update-agent.ts";
import { updateJob } from "./update-job.ts";
import { updateMemoryEntry } from "./update-memory-entry.ts";
import { updateMemoryStore } from "./update-memory-store.ts";
import { updateNotification } from "./update-notification.ts";
import { updateOrganization } from "./update-organization.ts";
import { updateOwnUser } from "./update-own-user.ts";
import { updateWebhook } from "./update-webhook.ts";
import { upgradeAgent } from "./upgrade-agent.ts";
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
    listVersions: bind(listVersions),
    pushVersion: bind(pushVersion),
    upgradeAgent: bind(upgradeAgent),
    undoUpgrade: bind(undoUpgrade),
    openUpload: bind(openUpload),
    receiveUpload: bind(receiveUpload),
    getUpload: bind(getUpload),
    findByAlias: bind(findByAlias),
    readAliases: bind(readAliases),
    getToolSecret: bind(getToolSecret),
    executeAgent: bind(executeAgent),
    getExecution: bind(getExecution),
    describeExecution: bind(describeExecution),
    listExecutions: bind(listExecutions),
    awaitExecution: bind(awaitExecution),
    watchExecution: bind(watchExecution),
    cancelExecution: bind(cancelExecution),
    readRunNotes: bind(readRunNotes),
    listEvents: bind(listEvents),
    noteProgress: bind(noteProgress),
    completeExecution: bind(completeExecution),
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
    createJob: bind(createJob),
    getJob: bind(getJob),
    listJobs: bind(listJobs),
    updateJob: bind(updateJob),
    cancelJob: bind(cancelJob),
    deleteJob: bind(deleteJob),
    startDaemon: bind(startDaemon),
    stopDaemon: bind(stopDaemon),
    restartDaemon: bind(restartDaemon),
    terminateDaemon: bind(terminateDaemon),
    getDaemon: bind(getDaemon),
    listDaemons: bind(listDaemons),
    createOrganization: bind(createOrganization),
    getOrganization: bind(getOrganization),
    listOrganizations: bind(listOrganizations),
    updateOrganization: bind(updateOrganization),
    inspectBundle: bind(inspectBundle),
    createFile: bind(createFile),
    getFile: bind(getFile),
    openFile: bind(openFile),
    linkFile: bind(linkFile),
    openLinkedFile: bind(openLinkedFile),
    listFiles: bind(listFiles),
    deleteFile: bind(deleteFile),
    getUser: bind(getUser),
    createUser: bind(createUser),
    updateOwnUser: bind(updateOwnUser),
    createNotification: bind(createNotification),
    listNotifications: bind(listNotifications),
    countUnreadNotifications: bind(countUnreadNotifications),
    readNotifications: bind(readNotifications),
    updateNotification: bind(updateNotification),
    deleteNotification: bind(deleteNotification),
    getWallet: bind(getWallet),
    createTransaction: bind(createTransaction),
    createSubscription: bind(createSubscription),
    listSubscriptions: bind(listSubscriptions),
    getSubscription: bind(getSubscription),
    receivePaymentEvent: bind(receivePaymentEvent),
    searchAgents: bind(searchAgents),
    getAgentStats: bind(getAgentStats),
    countAgentRuns: bind(countAgentRuns),
    countAgentInstalls: bind(countAgentInstalls),
    breakDownAgentErrors: bind(breakDownAgentErrors),
    listAgentUsage: bind(listAgentUsage),
    getTokenDistribution: bind(getTokenDistribution),
    getLatencyDistribution: bind(getLatencyDistribution),
    getSessionDepth: bind(getSessionDepth),
    findAgentAnywhere: bind(findAgentAnywhere),
    listAllAgents: bind(listAllAgents),
    listAllUsers: bind(listAllUsers),
    listUserCosts: bind(listUserCosts),
    getCosts: bind(getCosts),
    cleanUpArtifacts: bind(cleanUpArtifacts),
    payCreators: bind(payCreators),
    resetWeeklyCredit: bind(resetWeeklyCredit),
  };
}
