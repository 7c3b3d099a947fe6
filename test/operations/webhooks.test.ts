import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId, spellId } from "../../src/contract/ids.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import type { WebhookEventType } from "../../src/contract/webhook.ts";
import { createOutbound } from "../../src/egress/create-outbound.ts";
import type { Outbound } from "../../src/egress/outbound.ts";
import { signPayload } from "../../src/egress/sign-payload.ts";
import { renderWebhookEvent } from "../../src/http/dialects/native/render-webhook-event.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createWebhook } from "../../src/operations/create-webhook.ts";
import { deleteAgent } from "../../src/operations/delete-agent.ts";
import { deleteWebhook } from "../../src/operations/delete-webhook.ts";
import { getWebhook } from "../../src/operations/get-webhook.ts";
import { listWebhooks } from "../../src/operations/list-webhooks.ts";
import type { Caller } from "../../src/operations/operations.ts";
import { outboxStatement } from "../../src/operations/outbox.ts";
import { OutboxRelay } from "../../src/operations/relay-outbox.ts";
import { updateWebhook } from "../../src/operations/update-webhook.ts";
import { noteDelivery, readWebhookTarget } from "../../src/operations/webhook-subscription.ts";
import { webhookDelivery } from "../../src/runtimes/webhook-delivery/webhook-delivery.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, failure, newestFirst, startTestOperations, type TestOperations } from "./test-operations.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const dayMs = 86_400_000;

describe.each(databaseKinds)("webhooks on %s", (kind) => {
  let operations: TestOperations;
  let receiver: WebhookReceiver;
  let outbound: Outbound & AsyncDisposable;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
    operations = await startTestOperations(kind, {
      run: true,
      programs: {
        "webhook-delivery": (ctx, input) =>
          webhookDelivery({
            post: (request) => outbound.request(request),
            sign: signPayload,
            render: renderWebhookEvent,
            readTarget: (organizationId, webhookId) => readWebhookTarget(operations.parts, organizationId, webhookId),
            noteDelivery: (organizationId, webhookId, succeeded) =>
              noteDelivery(operations.parts, organizationId, webhookId, succeeded),
            now: () => operations.time,
            random: () => 0.5,
          })(ctx, input),
      },
    });
    // The receiver is on loopback, which operations refuse and these tests allow.
    operations.parts.checkUrl = (url) => (url.includes("10.0.0.1") ? "A private address." : undefined);
  });
  afterAll(async () => {
    await operations[Symbol.asyncDispose]();
    await outbound[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const outboxCount = () => operations.count("outbox");

  async function relayAll(): Promise<void> {
    await using relay = new OutboxRelay(operations.parts);
    relay.wake();
    await relay.settled();
  }

  async function put(caller: Caller, type: WebhookEventType, data: JsonObject, agentId: string | null = null) {
    const { database, now } = operations.parts;
    const entry = { organizationId: caller.organization.id, type, agentId, data, at: now() };
    await database.write([outboxStatement(database, entry)]);
  }

  /** Ids of the deliveries that were started for an organization. */
  async function deliveriesOf(caller: Caller): Promise<string[]> {
    const sql = `select id from execution where organization_id = '${caller.organization.id}' order by id`;
    const rows = await operations.parts.database.read({ sql, params: [], returnsRows: true });
    return rows.map((row) => String(row["id"]));
  }

  async function onlyDelivery(caller: Caller): Promise<string> {
    const [id, ...others] = await deliveriesOf(caller);
    if (id === undefined || others.length > 0) throw new Error("expected one delivery");
    return id;
  }

  async function outputOf(executionId: string): Promise<unknown> {
    const end = (await operations.engine.end(executionId)).at(-1);
    return end?.type === "execution-completed" ? end.body.output : end;
  }

  const hook = (caller: Caller, events: WebhookEventType[] = ["agent.created"], agentId?: string) =>
    createWebhook(operations.parts, caller, { url: receiver.url, events, ...(agentId && { agentId }) });

  test("the secret is given once, sealed in the store, and an address that may not be called is refused", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const { webhook, secret } = await hook(caller);
    expect(secret).toMatch(/^whsec_[\w-]{43}$/);
    expect(await getWebhook(parts, caller, webhook.id)).toEqual(webhook);
    const rows = await parts.database.read({ sql: "select * from webhook", params: [], returnsRows: true });
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(await readWebhookTarget(parts, caller.organization.id, webhook.id)).toEqual({ url: receiver.url, secret });
    const url = "http://10.0.0.1/";
    await expect(createWebhook(parts, caller, { url, events: ["key.created"] })).rejects.toThrow(
      failure("address_refused", "url"),
    );
    await expect(updateWebhook(parts, caller, webhook.id, { url })).rejects.toThrow(failure("address_refused", "url"));
    await expect(hook(caller, ["agent.updated"], newId())).rejects.toThrow(failure("agent_not_found"));
  });

  test("another organization's webhook answers like none", async () => {
    const { parts } = operations;
    const { webhook } = await hook(await operations.stranger());
    const stranger = await operations.stranger();
    for (const call of [getWebhook, deleteWebhook]) {
      await expect(call(parts, stranger, webhook.id)).rejects.toThrow(failure("webhook_not_found"));
    }
    await expect(updateWebhook(parts, stranger, webhook.id, { status: "disabled" })).rejects.toThrow(
      failure("webhook_not_found"),
    );
    expect((await listWebhooks(parts, stranger, newestFirst)).items).toEqual([]);
    expect(await readWebhookTarget(parts, stranger.organization.id, webhook.id)).toBeUndefined();
  });

  test("an entry is kept only where an active webhook asks for it", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const agent = await createAgent(parts, caller, chatDefinition());
    const before = await outboxCount();
    await put(caller, "agent.created", {});
    expect(await outboxCount()).toBe(before);
    const { webhook } = await hook(caller, ["agent.updated", "key.created"], agent.id);
    await put(caller, "agent.created", {}, agent.id);
    await put(caller, "agent.updated", {}, newId());
    await put(await operations.stranger(), "agent.updated", {}, agent.id);
    expect(await outboxCount()).toBe(before);
    await put(caller, "agent.updated", {}, agent.id);
    await put(caller, "key.created", {});
    expect(await outboxCount()).toBe(before + 2);
    await updateWebhook(parts, caller, webhook.id, { status: "disabled" });
    await put(caller, "agent.updated", {}, agent.id);
    expect(await outboxCount()).toBe(before + 2);
    await relayAll();
    expect(await outboxCount()).toBe(0);
    expect(await deliveriesOf(caller)).toEqual([]);
  });

  test("what is rolled back tells nobody", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    await hook(caller, ["agent.deleted"]);
    const agent = await createAgent(parts, caller, chatDefinition());
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => deleteAgent(parts, caller, agent.id)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await outboxCount()).toBe(1);
    await relayAll();
    expect(await outputOf(await onlyDelivery(caller))).toMatchObject({ delivered: true });
  });

  test("a delivery carries the documented body and a signature that its receiver can check", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const { webhook, secret } = await hook(caller);
    receiver.deliveries.length = 0;
    operations.wakes = 0;
    const agent = await createAgent(parts, caller, chatDefinition({ name: "Told" }));
    expect(operations.wakes).toBe(1);
    await relayAll();
    expect(await outputOf(await onlyDelivery(caller))).toEqual({ delivered: true, tries: 1, status: 200 });
    const [delivery] = receiver.deliveries;
    expect(JSON.parse(delivery?.body ?? "")).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-z]{26}$/),
      type: "agent.created",
      data: { agentId: spellId("agent", agent.id), name: "Told" },
      createdAt: new Date(operations.time).toISOString().replace(".000", ""),
    });
    const timestamp = String(Math.floor(operations.time / 1000));
    expect(delivery?.headers).toMatchObject({
      "content-type": "application/json",
      "x-ya-webhook-id": spellId("webhook", webhook.id),
      "x-ya-webhook-timestamp": timestamp,
      "x-ya-webhook-signature": `sha256=${createHmac("sha256", secret).update(`${timestamp}.${delivery?.body}`).digest("hex")}`,
    });
  });

  test("every webhook that asks gets the same event once, though the relay dies between two starts", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    for (let count = 0; count < 3; count += 1) await hook(caller);
    await createAgent(parts, caller, chatDefinition());
    let starts = 0;
    const dying = {
      start: async (request: Parameters<typeof parts.engine.start>[0]) => {
        starts += 1;
        if (starts > 2) throw new Error("the process died");
        return await parts.engine.start(request);
      },
    };
    const failures: unknown[] = [];
    {
      await using relay = new OutboxRelay({ ...parts, engine: dying, onFailed: (error) => failures.push(error) });
      relay.wake();
      await relay.settled();
    }
    expect(failures).toHaveLength(1);
    expect(await deliveriesOf(caller)).toHaveLength(2);
    expect(await outboxCount()).toBe(1);
    await Promise.all([relayAll(), relayAll()]); // also two relays at once
    const deliveries = await deliveriesOf(caller);
    expect(deliveries).toHaveLength(3);
    expect(await outboxCount()).toBe(0);
    const events = await Promise.all(
      deliveries.map(async (id) => JSON.stringify((await operations.engine.log(id))[0]?.body)),
    );
    expect(new Set(events.map((body) => /"event":\{"id":"([^"]+)"/.exec(body)?.[1])).size).toBe(1);
    for (const id of deliveries) expect(await outputOf(id)).toMatchObject({ delivered: true });
  });

  test("a row that was relayed and not removed starts nothing again", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    await hook(caller);
    await createAgent(parts, caller, chatDefinition());
    const [row] = await parts.database.read({ sql: "select * from outbox", params: [], returnsRows: true });
    await relayAll();
    const { id, organization_id, type, agent_id, data, created_at } = row ?? {};
    const values = [id, organization_id, type, agent_id, data, created_at].map((value) =>
      typeof value === "number" ? value : `'${String(value)}'`,
    );
    await parts.database.write([
      { sql: `insert into outbox values (${values.join(", ")})`, params: [], returnsRows: false },
    ]);
    await relayAll();
    expect(await deliveriesOf(caller)).toHaveLength(1);
    expect(await outboxCount()).toBe(0);
  });

  test("a webhook that came later is not told what was before", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const early = await hook(caller);
    await createAgent(parts, caller, chatDefinition());
    operations.time += 1;
    await hook(caller);
    await relayAll();
    const [log] = await Promise.all((await deliveriesOf(caller)).map((id) => operations.engine.log(id)));
    expect(await deliveriesOf(caller)).toHaveLength(1);
    expect(log?.[0]?.body).toMatchObject({ input: { webhookId: early.webhook.id } });
  });

  test("a failed delivery is tried again with a new timestamp and the same event, six times in all", async () => {
    const { parts, engine } = operations;
    const caller = await operations.stranger();
    const { webhook } = await hook(caller);
    receiver.deliveries.length = 0;
    receiver.statuses = [500, 302, 404, 0, 503, 500, 200];
    await createAgent(parts, caller, chatDefinition());
    await relayAll();
    const id = await onlyDelivery(caller);
    const delays: number[] = [];
    for (let count = 1; count <= 5; count += 1) {
      const wait = await engine.event(
        id,
        (event) => event.type === "wait-started" && event.body.name === `retry-${count}`,
      );
      if (wait.type !== "wait-started") throw new Error("no wait");
      delays.push((wait.body.until ?? 0) - operations.time);
      operations.time = wait.body.until ?? 0;
      await engine.engine.signal(id, `retry-${count}`);
    }
    expect(delays).toEqual([10_500, 63_000, 630_000, 3_780_000, 22_680_000]);
    expect(await outputOf(id)).toEqual({ delivered: false, tries: 6, status: 500 });
    const events = receiver.deliveries.map(({ body }) => body);
    expect(events).toHaveLength(6);
    expect(new Set(events).size).toBe(1);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers["x-ya-webhook-timestamp"])).size).toBe(6);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers["x-ya-webhook-signature"])).size).toBe(6);
    expect(await getWebhook(parts, caller, webhook.id)).toMatchObject({ status: "active" });
    receiver.statuses = [200];
  });

  test("a retry uses the URL and the state of the moment, and an inactive webhook gets nothing more", async () => {
    const { parts, engine } = operations;
    const caller = await operations.stranger();
    const { webhook } = await hook(caller);
    receiver.statuses = [500];
    await createAgent(parts, caller, chatDefinition());
    await relayAll();
    const id = await onlyDelivery(caller);
    await engine.event(id, (event) => event.type === "wait-started");
    await updateWebhook(parts, caller, webhook.id, { status: "disabled" });
    receiver.deliveries.length = 0;
    await engine.engine.signal(id, "retry-1");
    expect(await outputOf(id)).toEqual({ delivered: false, tries: 2, inactive: true });
    expect(receiver.deliveries).toEqual([]);
    receiver.statuses = [200];
  });

  test("three days of failures disable a webhook, a success in between starts the count anew", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const { webhook } = await hook(caller);
    const note = (succeeded: boolean) => noteDelivery(parts, caller.organization.id, webhook.id, succeeded);
    const status = async () => (await getWebhook(parts, caller, webhook.id)).status;
    await note(false);
    operations.time += 2 * dayMs;
    await note(false);
    await note(true);
    operations.time += 2 * dayMs;
    await note(false);
    operations.time += 3 * dayMs - 1;
    await note(false);
    expect(await status()).toBe("active");
    operations.time += 1;
    await note(false);
    expect(await status()).toBe("disabled");
    await updateWebhook(parts, caller, webhook.id, { status: "active" });
    await note(false);
    expect(await status()).toBe("active");
  });

  test("an execution's event is completed from its row", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    await hook(caller, ["execution.completed"]);
    receiver.deliveries.length = 0;
    const agent = await createAgent(parts, caller, chatDefinition());
    const ids = { executionId: newId(), conversationId: newId() };
    const createdAt = operations.time - 1500;
    const values = `'${ids.executionId}', '${caller.organization.id}', 'chat', '${agent.id}', 'completed', 1, 1, 'first',
      0, '{"order":7}', ${createdAt}, ${operations.time}, 100, 31, 0`;
    const columns = `id, organization_id, program, agent_id, status, attempt, last_seq, queued_reason,
      run_at, metadata, created_at, finished_at, input_tokens, output_tokens, reserved_nano_usd`;
    await parts.database.write([
      { sql: `insert into execution (${columns}) values (${values})`, params: [], returnsRows: false },
    ]);
    await put(caller, "execution.completed", { ...ids, agentId: agent.id, output: "Done." }, agent.id);
    await relayAll();
    const [delivery] = (await deliveriesOf(caller)).filter((id) => id !== ids.executionId);
    expect(await outputOf(delivery ?? "")).toMatchObject({ delivered: true });
    expect(JSON.parse(receiver.deliveries[0]?.body ?? "")).toMatchObject({
      type: "execution.completed",
      data: {
        executionId: spellId("execution", ids.executionId),
        agentId: spellId("agent", agent.id),
        conversationId: spellId("conversation", ids.conversationId),
        status: "completed",
        output: "Done.",
        usage: { totalTokens: 131 },
        duration: 1500,
        metadata: { order: 7 },
      },
    });
  });
});
