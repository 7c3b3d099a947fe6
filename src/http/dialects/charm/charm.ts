import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Operations } from "../../../operations/operations.ts";
import { authenticate, readBearerKey } from "../../authentication.ts";
import type { SurfaceParts } from "../../server.ts";
import type { Surface } from "../../surface.ts";
import { adminFigures, getCosts, listAllAgents, listAllUsers, listUserCosts } from "./admin.ts";
import { createSubscription, createTransaction, getSubscription, getWallet, listSubscriptions } from "./billing.ts";
import { controlDaemon, createDaemon, getDaemonStatus, listDaemons, startDaemon, stopDaemon } from "./daemons.ts";
import { cancelRun } from "./cancel-run.ts";
import { completeRun } from "./complete-run.ts";
import { createAgent } from "./create-agent.ts";
import { deleteAgent } from "./delete-agent.ts";
import { executeAgent } from "./execute-agent.ts";
import { getAgent } from "./get-agent.ts";
import { getFile } from "./get-file.ts";
import { getRun } from "./get-run.ts";
import { listAgents } from "./list-agents.ts";
import { listRunEvents } from "./list-run-events.ts";
import { listThreadRuns } from "./list-thread-runs.ts";
import { listVersions } from "./list-versions.ts";
import { noteProgress } from "./note-progress.ts";
import { rollbackAgent } from "./rollback-agent.ts";
import { showLogin } from "./show-login.ts";
import { updateAgent } from "./update-agent.ts";
import { upgradeAgent } from "./upgrade-agent.ts";
import { type CharmEndpoint, type CharmParts, tags } from "./endpoint.ts";
import { frameworkValidator } from "./framework-errors.ts";
import { getHealth } from "./get-health.ts";
import { cleanUpArtifacts, payCreators, resetWeeklyCredit } from "./internal-jobs.ts";
import { cancelJob, createJob, deleteJob, getJob, listJobs } from "./jobs.ts";
import { readUntypedJson } from "./json-body.ts";
import {
  countNotifications,
  createNotification,
  deleteNotification,
  listNotifications,
  readNotifications,
  updateNotification,
} from "./notifications.ts";
import { receivePaymentEvent } from "./receive-payment-event.ts";
import { renderError } from "./render-error.ts";
import { listStudioAgents, studioFigures } from "./studio.ts";
import { createUser, getOwnUser, getUser, updateOwnUser } from "./users.ts";

/** In the order in which the documents show them. */
const endpoints: readonly CharmEndpoint[] = [
  executeAgent,
  createAgent,
  listAgents,
  getAgent,
  updateAgent,
  deleteAgent,
  upgradeAgent,
  listVersions,
  rollbackAgent,
  getRun,
  listRunEvents,
  completeRun,
  cancelRun,
  noteProgress,
  listThreadRuns,
  getFile,
  showLogin,
  listStudioAgents,
  ...studioFigures,
  getWallet,
  listSubscriptions,
  createSubscription,
  getSubscription,
  createTransaction,
  getDaemonStatus,
  startDaemon,
  stopDaemon,
  controlDaemon,
  listDaemons,
  createDaemon,
  listJobs,
  createJob,
  getJob,
  deleteJob,
  cancelJob,
  countNotifications,
  listNotifications,
  createNotification,
  readNotifications,
  updateNotification,
  deleteNotification,
  getOwnUser,
  updateOwnUser,
  getUser,
  createUser,
  listAllUsers,
  listUserCosts,
  getCosts,
  listAllAgents,
  ...adminFigures,
  cleanUpArtifacts,
  payCreators,
  resetWeeklyCredit,
  getHealth,
];

export interface CharmOptions {
  operations: Operations;
  /** Where clients reach the server, e.g. `https://agents.example`. Default: where each request says it does. */
  publicUrl?: string;
}

/** The Charm Cloud Runner API under `/charm`. Its Store API is a surface of its own, see `store.ts`. */
export function createCharmSurface(options: CharmOptions, { streams, closing }: SurfaceParts): Surface {
  const { operations, publicUrl } = options;
  const parts: CharmParts = { operations, streams, closing, publicUrl };
  return {
    name: "charm",
    prefixes: ["/charm"],
    renderError,
    document: {
      title: "Charm Cloud Runner API",
      description,
      path: "/charm/openapi.json",
      pagePath: "/charm/docs",
      tags: tags.filter(({ name }) => name !== "Store"),
    },
    async register(scope) {
      scope.addHook("onRequest", authenticate(operations, readBearerKey));
      scope.setValidatorCompiler(frameworkValidator);
      readUntypedJson(scope);
      const charm = scope.withTypeProvider<ZodTypeProvider>();
      for (const endpoint of endpoints) endpoint(charm, parts);
      await scope.register(async (raw) => receivePaymentEvent(raw.withTypeProvider<ZodTypeProvider>(), parts));
    },
  };
}

const description = `Agents of user code in the wire format of the Charm Cloud Runner.

Send the API key as \`Authorization: Bearer <key>\`. Bodies are JSON in snake_case; unknown fields are ignored. Times are ISO 8601 in UTC. Agents, runs and threads go by the ids that their callers gave them. Errors are \`{"detail": …}\`; a request that does not fit its schema gets 422 with all its problems at once.`;
