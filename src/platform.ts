import { join } from "node:path";
import { CodePlatform } from "./code-platform.ts";
import type { Settings } from "./config/settings.ts";
import type { ChatDefinition } from "./contract/agent.ts";
import { RunyardError } from "./contract/errors.ts";
import type { Id } from "./contract/ids.ts";
import { noUsage } from "./contract/usage.ts";
import { version } from "./contract/version.ts";
import { defineChat, defineCode, defineCompletionCallback, defineWebhookDelivery } from "./define-programs.ts";
import { createOutbound } from "./egress/create-outbound.ts";
import { createUrlCheck } from "./egress/url-check.ts";
import { Engine } from "./engine/engine.ts";
import { createCharmSurface } from "./http/dialects/charm/charm.ts";
import { createCharmStoreSurface } from "./http/dialects/charm/store.ts";
import { createNativeSurface } from "./http/dialects/native/native.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { modelHosts } from "./models/model-hosts.ts";
import { createPrices } from "./models/prices.ts";
import { createModels, type Models } from "./models/registry.ts";
import { bootstrap } from "./operations/bootstrap.ts";
import { createOperations } from "./operations/create-operations.ts";
import { createDaemonRecords, readWantedDaemons } from "./operations/daemon-records.ts";
import { createAlongside, fillsOutbox } from "./operations/execution-hooks.ts";
import { JobScheduler } from "./operations/fire-jobs.ts";
import { FileLinks } from "./operations/file-links.ts";
import { KeyUses } from "./operations/key-uses.ts";
import { Lookout } from "./operations/lookout.ts";
import { createMemoryAccess } from "./operations/memory-access.ts";
import type { Operations } from "./operations/operations.ts";
import type { BillingParts, DefinitionProblem, OperationParts } from "./operations/parts.ts";
import { OutboxRelay } from "./operations/relay-outbox.ts";
import { reportEvents } from "./operations/report-events.ts";
import { RequestLimits } from "./operations/request-limits.ts";
import { sweepRetention } from "./operations/sweep-retention.ts";
import { createDaemons, type RunningDaemons } from "./runtimes/code/daemons/create-daemons.ts";
import type { DaemonLauncher } from "./runtimes/code/daemons/daemons.ts";
import { BlobFiles } from "./store/blob-files.ts";
import { prepareDataDirectory } from "./store/data-directory.ts";
import { loadMasterKey } from "./store/master-key.ts";
import { openDatabase } from "./store/open-database.ts";
import { Secrets } from "./store/secrets.ts";
import { createTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import { createTools } from "./tools/registry.ts";

/** The running product. */
export interface Platform {
  /** Where it listens, as clients reach it. */
  readonly url: string;
  /** The first API key, only when this start has made it up. */
  readonly firstKey: string | undefined;
  /** The organization that the first start made. */
  readonly organizationId: Id;
  readonly operations: Operations;
  /** Takes no more work, lets running executions end or hands them back, and gives everything up. */
  close(): Promise<void>;
}

export interface PlatformOptions {
  /** Stands in for the real clock. */
  now?: () => number;
  /** Called at named points of the engine, by drills that stop the process there. */
  crashPoint?: (name: string) => void;
}

const sweepEveryMs = 60_000;

/**
 * Builds each part once, hands each only what it uses, and listens. Parts are given up in reverse order.
 * @throws Error with words for the operator when the database, the data directory or a setting cannot be used
 */
export async function createPlatform(settings: Settings, options: PlatformOptions = {}): Promise<Platform> {
  const startedAt = performance.now();
  await using parts = new AsyncDisposableStack();
  const { now = Date.now, crashPoint } = options;
  const telemetry = parts.use(await createTelemetry(settings.telemetry));
  const log = telemetry.logger("platform");

  prepareDataDirectory(settings.dataDir);
  const masterKey = await loadMasterKey({ text: settings.masterKey, dataDir: settings.dataDir });
  const database = parts.use(
    await openDatabase({
      dataDir: settings.dataDir,
      url: settings.databaseUrl,
      crashPoint,
      onCommit: (units, durationMs) => telemetry.commitFinished(units, durationMs),
      onLockLost: (err) => {
        log.fatal({ err }, "the database may be taken by another process; stopping at once");
        process.exit(1);
      },
    }),
  );
  await database.migrate();
  const secrets = new Secrets({ masterKey, database });
  await secrets.verifyMasterKey();
  const blobFiles = await BlobFiles.open(join(settings.dataDir, "blobs"));

  const outbound = parts.use(createOutbound({ allowedHosts: settings.allowPrivateNetwork }));
  const { providers, models: modelSettings } = settings;
  const local = { hubUrl: modelSettings.hubUrl, idleMs: modelSettings.localIdleMinutes * 60_000 };
  const connections = { providers, endpoints: modelSettings.endpoints, local };
  const modelOutbound = parts.use(
    createOutbound({ allowedHosts: [...settings.allowPrivateNetwork, ...modelHosts(connections)] }),
  );
  const models = parts.use(
    createModels({
      ...connections,
      outbound: modelOutbound,
      dataDir: settings.dataDir,
      defaultModel: modelSettings.default,
      aliases: modelSettings.aliases,
      limits: modelSettings,
      onRetry: ({ error, ...retry }) => telemetry.modelRetried({ ...retry, errorCode: error.code }),
    }),
  );
  const prices = createPrices(modelSettings.prices);
  const memory = createMemoryAccess({ database, now });
  const tools = parts.use(
    createTools({
      outbound,
      search: settings.search,
      memory,
      reportFault: ({ tool, error }) => telemetry.logger("tools").error({ tool, err: error }, "a tool failed"),
    }),
  );

  const reportCommitted = reportEvents(telemetry);
  const mayHaveFilled = fillsOutbox(database);
  const engine = new Engine({
    database,
    limits: {
      total: settings.concurrency.total,
      perOrganization: settings.concurrency.perOrganization ?? Number.POSITIVE_INFINITY,
      perAgent: settings.concurrency.perAgent ?? Number.POSITIVE_INFINITY,
    },
    hooks: {
      alongside: createAlongside(database, now),
      committed: (facts, events) => {
        reportCommitted(facts, events);
        if (mayHaveFilled(facts, events)) relay.wake();
      },
      programFailed: ({ id, program }, err) =>
        telemetry.logger("engine").error({ executionId: id, program, err }, "a program failed"),
      storeFailed: ({ id }, err) => telemetry.logger("engine").error({ executionId: id, err }, "a write failed"),
    },
    now,
    crashPoint,
  });
  const relay = new OutboxRelay({
    database,
    engine,
    now,
    onFailed: (err) => telemetry.logger("webhooks").error({ err }, "the outbox was not relayed; it is tried again"),
  });
  const onWriteFailed = (err: unknown) => log.warn({ err }, "a count was not stored");
  const requestLimits = parts.use(
    new RequestLimits({ database, now, plans: settings.plans }, { onSaveFailed: onWriteFailed }),
  );
  const keyUses = parts.use(new KeyUses({ database, onWriteFailed }));
  const checkUrl = createUrlCheck(settings.allowPrivateNetwork);
  const operationParts: OperationParts = {
    database,
    engine,
    secrets,
    blobFiles,
    now,
    plans: settings.plans,
    defaultPlan: settings.plans.default,
    maxFileBytes: settings.bodies.maxUploadBytes,
    billing: billingParts(settings.billing),
    requestLimits,
    keyUses,
    fileLinks: new FileLinks(masterKey),
    wakeRelay: () => relay.wake(),
    wakeJobs: () => jobs.wake(),
    get daemons() {
      return daemons;
    },
    checkDefinition: (definition) =>
      definition.runtime === "chat"
        ? [
            ...tools.findProblems(definition.tools),
            ...addressProblems(definition, checkUrl),
            ...modelProblems(models, definition),
          ]
        : [],
    checkUrl,
    removeOldLayers: () => codePlatform.removeOld(),
    inspectBundle: async (content, wanted) => {
      codePlatform.warm(); // whoever brings a program will run it soon
      const { inspectBundle } = await import("./runtimes/code/bundle/inspect-bundle.ts");
      return inspectBundle(content, wanted);
    },
    estimateCost: (definition, inputLength) => {
      if (definition.runtime !== "chat") return 0; // it calls no model of ours
      const { maxTokens = 4096 } = definition.parameters;
      const inputTokens = Math.ceil((inputLength + definition.systemPrompt.length) / 3);
      const usage = { ...noUsage, inputTokens, outputTokens: maxTokens };
      return prices.costOf(models.resolve(definition.model).model.id, usage) ?? 0;
    },
  };
  const jobs = new JobScheduler({
    parts: operationParts,
    onFailed: (err) => telemetry.logger("jobs").error({ err }, "a job could not be looked at; it is tried again"),
  });
  const codePlatform = parts.use(new CodePlatform({ settings, outbound, operations: operationParts }));
  defineChat(engine, operationParts, { models, prices, tools, memory });
  const daemons = parts.use(superviseDaemons(settings.code, operationParts, codePlatform, telemetry));
  defineCode(engine, codePlatform, { daemons, jobTimeoutMs: settings.code.daemonRunSeconds * 1000 });
  defineWebhookDelivery(engine, operationParts, { outbound, telemetry });
  defineCompletionCallback(engine, operationParts, outbound);

  const { organization, generatedKey, configuredKeyRevoked } = await bootstrap(operationParts, {
    apiKey: settings.apiKey,
    organizationId: settings.organizationId,
    plan: settings.plans.default,
  });
  if (configuredKeyRevoked) log.warn({}, "the configured API key was revoked; choose another");
  const operations = createOperations(operationParts);
  let takesWork = false;
  const server = parts.use(
    await createHttpServer({
      version,
      publicUrl: settings.publicUrl,
      corsOrigins: settings.corsOrigins,
      bodyLimitBytes: settings.bodies.maxBytes,
      streams: { heartbeatMs: settings.streams.heartbeatMs, maxBufferedBytes: settings.streams.maxBufferBytes },
      health: { isReady: () => takesWork, metrics: () => scrape(telemetry) },
      onRequest: (request) => {
        telemetry.requestFinished(request);
        const { status, requestId } = request;
        if (status === 401) telemetry.authenticationFailed({ requestId, reason: "refused" });
      },
      onFault: (err, request) => telemetry.logger("http").error({ ...request, err }, "a request failed"),
      surfaces: (surfaceParts) => [
        createNativeSurface(
          {
            operations,
            templates: new Map(Object.entries(settings.templates)),
            maxFileBytes: settings.bodies.maxUploadBytes,
          },
          surfaceParts,
        ),
        createCharmSurface({ operations, publicUrl: settings.publicUrl }, surfaceParts),
        createCharmStoreSurface({ operations, publicUrl: settings.publicUrl }, surfaceParts),
      ],
    }),
  );
  telemetry.metrics.onScrape(async () => {
    telemetry.metrics.openStreams.set(server.streams.size);
    telemetry.metrics.executions.reset();
    for (const { program, status, count } of await engine.countOpen()) {
      telemetry.metrics.executions.set({ runtime: program, status }, count);
    }
    telemetry.metrics.queueDepth.set(await engine.countDue());
  });
  // What works on its own from here on ends when the start fails: what it has taken up is handed back at once.
  let drainTimeoutMs = 0;
  parts.defer(() => engine.drain(drainTimeoutMs));
  parts.use(relay);
  parts.use(jobs);
  const recoveryAt = performance.now();
  const { recovered, poisoned } = await engine.run();
  if (recovered > 0) {
    const durationMs = Math.round(performance.now() - recoveryAt);
    telemetry.processRecovered({ executions: recovered, poisoned, durationMs });
  }
  relay.wake();
  jobs.wake();
  void daemons.resume(await readWantedDaemons(operationParts));
  parts.use(startSweeper(operationParts, settings.eventLogHours, telemetry));
  const listening = await listen(server, settings);
  const url = settings.publicUrl ?? listening.replace("0.0.0.0", "127.0.0.1");
  takesWork = true;
  telemetry.processStarted({
    url,
    database: database.dialect.name,
    durationMs: Math.round(performance.now() - startedAt),
  });

  const owned = parts.move();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    takesWork = false;
    drainTimeoutMs = settings.drainTimeoutMs;
    telemetry.processDraining({ reason: "close", running: engine.runningCount });
    server.drain();
    await owned.disposeAsync();
  };
  return {
    url,
    firstKey: generatedKey,
    organizationId: organization.id,
    operations,
    close: () => (closed ??= close()),
  };
}

/** @returns where it listens, as a URL */
async function listen(server: HttpServer, { host, port }: Settings): Promise<string> {
  try {
    return await server.app.listen({ host, port });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const words = {
      EADDRINUSE: `Port ${port} of ${host} is taken by another program. Stop that one, or choose another port (RUNYARD_PORT).`,
      EACCES: `This user may not listen on port ${port}. Choose another port (RUNYARD_PORT), above 1023.`,
      EADDRNOTAVAIL: `${host} is no address of this machine. Choose another one (RUNYARD_HOST).`,
      ENOTFOUND: `${host} is no address of this machine. Choose another one (RUNYARD_HOST).`,
    }[code];
    throw words === undefined ? cause : new Error(words, { cause });
  }
}

function billingParts({ stripeWebhookSecret, weeklyCreditUsd }: Settings["billing"]): BillingParts {
  return {
    webhookSecret: stripeWebhookSecret,
    weeklyCreditNanoUsd: weeklyCreditUsd === undefined ? undefined : Math.round(weeklyCreditUsd * 1e9),
  };
}

/** Like the runtime they belong to, what brings daemons up is loaded when the first of them is needed. */
function superviseDaemons(
  { daemonIdleMinutes }: Settings["code"],
  operationParts: OperationParts,
  codePlatform: CodePlatform,
  telemetry: Telemetry,
): RunningDaemons {
  const launcher = async (): Promise<DaemonLauncher> => {
    const [{ createLauncher }, runtime] = await Promise.all([
      import("./runtimes/code/daemons/create-launcher.ts"),
      codePlatform.open(),
    ]);
    return createLauncher(runtime);
  };
  return createDaemons({
    launcher: {
      launch: async (request) => (await launcher()).launch(request),
      removeVolume: async (key) => (await launcher()).removeVolume(key),
    },
    records: createDaemonRecords(operationParts, (err) =>
      telemetry.logger("daemons").error({ err }, "what a daemon is was not stored"),
    ),
    findProblem: async () => (await codePlatform.open()).parts.sandbox.problem,
    times: { idleMs: daemonIdleMinutes * 60_000 },
  });
}

function addressProblems(
  definition: ChatDefinition,
  checkUrl: (url: string) => string | undefined,
): DefinitionProblem[] {
  return definition.tools.flatMap((tool, index) => {
    if (tool.type !== "http" && tool.type !== "mcp") return [];
    const [field, url] = tool.type === "http" ? ["handler", tool.handler] : ["url", tool.url];
    const message = checkUrl(url);
    return message === undefined ? [] : [{ param: `tools.${index}.${field}`, message }];
  });
}

function modelProblems(models: Models, definition: ChatDefinition): DefinitionProblem[] {
  try {
    models.resolve(definition.model);
    return [];
  } catch (error) {
    if (!(error instanceof RunyardError)) throw error;
    return [{ param: "model", message: error.message }];
  }
}

/** Sweeps once a minute; a sweep that fails is only late. */
function startSweeper(parts: OperationParts, keepLogHours: number, telemetry: Telemetry): AsyncDisposable {
  const lookout = new Lookout({
    async look(signal) {
      const startedAt = performance.now();
      const swept = await sweepRetention(parts, { keepLogHours, signal });
      telemetry.retentionSwept({ ...swept, durationMs: Math.round(performance.now() - startedAt) });
      return sweepEveryMs;
    },
    onFailed: (err) => telemetry.logger("retention").error({ err }, "a sweep failed; the next is in a minute"),
    retryMs: sweepEveryMs,
  });
  lookout.wakeIn(sweepEveryMs);
  return lookout;
}

async function scrape(telemetry: Telemetry): Promise<{ contentType: string; body: string }> {
  const { contentType, text } = await telemetry.metrics.scrape();
  return { contentType, body: text };
}
