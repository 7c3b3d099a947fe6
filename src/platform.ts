import { join } from "node:path";
import { CodePlatform } from "./code-platform.ts";
import type { Settings } from "./config/settings.ts";
import type { ChatDefinition } from "./contract/agent.ts";
import { RunyardError } from "./contract/errors.ts";
import type { Id } from "./contract/ids.ts";
import { noUsage } from "./contract/usage.ts";
import { version } from "./contract/version.ts";
import { createOutbound } from "./egress/create-outbound.ts";
import type { Outbound } from "./egress/outbound.ts";
import { signPayload } from "./egress/sign-payload.ts";
import { createUrlCheck } from "./egress/url-check.ts";
import { Engine } from "./engine/engine.ts";
import { createCharmSurface } from "./http/dialects/charm/charm.ts";
import { renderCompletion } from "./http/dialects/charm/render-completion.ts";
import { createCharmStoreSurface } from "./http/dialects/charm/store.ts";
import { createNativeSurface } from "./http/dialects/native/native.ts";
import { renderWebhookEvent } from "./http/dialects/native/render-webhook-event.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { modelHosts } from "./models/model-hosts.ts";
import { createPrices, type Prices } from "./models/prices.ts";
import { createModels, type Models } from "./models/registry.ts";
import { bootstrap } from "./operations/bootstrap.ts";
import { callbackProgram, forgetCallback, readCompletion } from "./operations/completion-callback.ts";
import { createOperations } from "./operations/create-operations.ts";
import { createDaemonRecords, readWantedDaemons } from "./operations/daemon-records.ts";
import { createAlongside, fillsOutbox } from "./operations/execution-hooks.ts";
import { JobScheduler } from "./operations/fire-jobs.ts";
import { FileLinks } from "./operations/file-links.ts";
import { KeyUses } from "./operations/key-uses.ts";
import { createMemoryAccess } from "./operations/memory-access.ts";
import type { Operations } from "./operations/operations.ts";
import type { BillingParts, DefinitionProblem, OperationParts } from "./operations/parts.ts";
import { readAgentVersion } from "./operations/read-agent-version.ts";
import { readAttachedStores } from "./operations/read-attached-stores.ts";
import { readHistory, saveSummary } from "./operations/read-history.ts";
import { readToolSecret } from "./operations/read-tool-secret.ts";
import { deliveryProgram, OutboxRelay } from "./operations/relay-outbox.ts";
import { reportEvents } from "./operations/report-events.ts";
import { RequestLimits } from "./operations/request-limits.ts";
import { sweepRetention } from "./operations/sweep-retention.ts";
import { noteDelivery, readWebhookTarget } from "./operations/webhook-subscription.ts";
import { chat } from "./runtimes/chat/chat.ts";
import type { ChatInput, ChatParts } from "./runtimes/chat/chat-parts.ts";
import type { CodeInput } from "./runtimes/code/code-parts.ts";
import { createDaemons, type RunningDaemons } from "./runtimes/code/daemons/create-daemons.ts";
import type { DaemonLauncher, Daemons } from "./runtimes/code/daemons/daemons.ts";
import { completionCallback } from "./runtimes/completion-callback/completion-callback.ts";
import { webhookDelivery } from "./runtimes/webhook-delivery/webhook-delivery.ts";
import { BlobFiles } from "./store/blob-files.ts";
import { prepareDataDirectory } from "./store/data-directory.ts";
import { loadMasterKey } from "./store/master-key.ts";
import { openDatabase } from "./store/open-database.ts";
import { Secrets } from "./store/secrets.ts";
import { createTelemetry, type Telemetry } from "./telemetry/telemetry.ts";
import { checkInput } from "./tools/check-input.ts";
import type { MemoryAccess } from "./tools/memory-access.ts";
import { createTools, type Tools } from "./tools/registry.ts";

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

function defineChat(
  engine: Engine,
  operationParts: OperationParts,
  { models, prices, tools, memory }: { models: Models; prices: Prices; tools: Tools; memory: MemoryAccess },
): void {
  const chatParts: ChatParts = {
    readDefinition: async (organizationId, versionId) => {
      const { definition } = await readAgentVersion(operationParts, organizationId, versionId);
      if (definition.runtime !== "chat") throw new TypeError(`version ${versionId} is no chat agent`);
      return definition;
    },
    readToolSecret: (organizationId, agentId) => readToolSecret(operationParts, organizationId, agentId),
    resolveModel: (name) => models.resolve(name),
    costOf: (modelId, usage) => prices.costOf(modelId, usage),
    resolveTools: (definitions, scope) => tools.resolve(definitions, scope),
    readHistory: (request) => readHistory(operationParts, request),
    saveSummary: (organizationId, conversationId, summary) =>
      saveSummary(operationParts, organizationId, conversationId, summary),
    readStores: (organizationId, storeIds) => readAttachedStores(operationParts, organizationId, storeIds),
    searchMemory: (organizationId, storeId, query, limit) => memory.search({ organizationId, storeId }, query, limit),
    findMismatch: checkInput,
  };
  // An input is stored as JSON: what `executeAgent` puts in is what the program takes out.
  engine.define("chat", (ctx, input) => chat(ctx, input as unknown as ChatInput, chatParts));
}

function defineCode(
  engine: Engine,
  codePlatform: CodePlatform,
  daemons: { daemons: Daemons; jobTimeoutMs: number },
): void {
  engine.define("code", async (ctx, input) => {
    const [{ code }, runtime] = await Promise.all([import("./runtimes/code/code.ts"), codePlatform.open()]);
    return code(ctx, input as unknown as CodeInput, runtime, daemons);
  });
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

function defineWebhookDelivery(
  engine: Engine,
  operationParts: OperationParts,
  { outbound, telemetry }: { outbound: Outbound; telemetry: Telemetry },
): void {
  const program = webhookDelivery({
    post: (request) => outbound.request(request),
    sign: signPayload,
    render: renderWebhookEvent,
    readTarget: (organizationId, webhookId) => readWebhookTarget(operationParts, organizationId, webhookId),
    noteDelivery: (organizationId, webhookId, succeeded) => {
      telemetry.webhookDelivered({ webhookId, organizationId, succeeded });
      return noteDelivery(operationParts, organizationId, webhookId, succeeded);
    },
    now: operationParts.now,
    random: Math.random,
  });
  engine.define(deliveryProgram, program, { isTrusted: true });
}

function defineCompletionCallback(engine: Engine, operationParts: OperationParts, outbound: Outbound): void {
  const program = completionCallback({
    post: (request) => outbound.request(request),
    read: async (organizationId, executionId) => {
      const completion = await readCompletion(operationParts, organizationId, executionId);
      return completion === undefined ? undefined : { url: completion.url, body: renderCompletion(completion) };
    },
    forget: (organizationId, executionId) => forgetCallback(operationParts, organizationId, executionId),
    now: operationParts.now,
  });
  engine.define(callbackProgram, program, { isTrusted: true });
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
function startSweeper(parts: OperationParts, keepLogHours: number, telemetry: Telemetry): Disposable {
  const stop = new AbortController();
  const sweep = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const swept = await sweepRetention(parts, { keepLogHours, signal: stop.signal });
      telemetry.retentionSwept({ ...swept, durationMs: Math.round(performance.now() - startedAt) });
    } catch (err) {
      if (!stop.signal.aborted) telemetry.logger("retention").error({ err }, "a sweep failed; the next is in a minute");
    }
  };
  const timer = setInterval(() => void sweep(), sweepEveryMs);
  timer.unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      stop.abort();
    },
  };
}

async function scrape(telemetry: Telemetry): Promise<{ contentType: string; body: string }> {
  const { contentType, text } = await telemetry.metrics.scrape();
  return { contentType, body: text };
}
