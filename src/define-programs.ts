import type { CodePlatform } from "./code-platform.ts";
import type { Outbound } from "./egress/outbound.ts";
import { signPayload } from "./egress/sign-payload.ts";
import type { Engine } from "./engine/engine.ts";
import { renderCompletion } from "./http/dialects/charm/render-completion.ts";
import { renderWebhookEvent } from "./http/dialects/native/render-webhook-event.ts";
import type { Prices } from "./models/prices.ts";
import type { Models } from "./models/registry.ts";
import { callbackProgram, forgetCallback, readCompletion } from "./operations/completion-callback.ts";
import type { OperationParts } from "./operations/parts.ts";
import { readAgentVersion } from "./operations/read-agent-version.ts";
import { readAttachedStores } from "./operations/read-attached-stores.ts";
import { readHistory, saveSummary } from "./operations/read-history.ts";
import { readToolSecret } from "./operations/read-tool-secret.ts";
import { deliveryProgram } from "./operations/relay-outbox.ts";
import { noteDelivery, readWebhookTarget } from "./operations/webhook-subscription.ts";
import { chat } from "./runtimes/chat/chat.ts";
import type { ChatInput, ChatParts } from "./runtimes/chat/chat-parts.ts";
import type { CodeInput } from "./runtimes/code/code-parts.ts";
import type { Daemons } from "./runtimes/code/daemons/daemons.ts";
import { completionCallback } from "./runtimes/completion-callback/completion-callback.ts";
import { webhookDelivery } from "./runtimes/webhook-delivery/webhook-delivery.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import { checkInput } from "./tools/check-input.ts";
import type { MemoryAccess } from "./tools/memory-access.ts";
import type { Tools } from "./tools/registry.ts";

// A program knows neither store nor operation: what it needs of them is put together here.

/** What executions of chat agents run. */
export function defineChat(
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

/** What executions of code agents run; loaded with the first of them. */
export function defineCode(
  engine: Engine,
  codePlatform: CodePlatform,
  daemons: { daemons: Daemons; jobTimeoutMs: number },
): void {
  engine.define("code", async (ctx, input) => {
    const [{ code }, runtime] = await Promise.all([import("./runtimes/code/code.ts"), codePlatform.open()]);
    return code(ctx, input as unknown as CodeInput, runtime, daemons);
  });
}

/** What the outbox relay starts for each webhook that asked. */
export function defineWebhookDelivery(
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

/** What the outbox relay starts for an execution whose caller left an address. */
export function defineCompletionCallback(engine: Engine, operationParts: OperationParts, outbound: Outbound): void {
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
