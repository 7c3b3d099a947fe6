import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { pageSchema } from "../../../src/http/dialects/native/schemas/page.ts";
import { createdWebhookSchema, webhookSchema } from "../../../src/http/dialects/native/schemas/webhook.ts";
import { bodyOf, createAgent, errorOf, execute } from "./native-api.ts";
import { type NativePlatform, startNativePlatform } from "./native-platform.ts";

interface Delivery {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A receiver of deliveries that answers 200. */
async function startSink() {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      deliveries.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the sink has no port");
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${address.port}`, host: `127.0.0.1:${address.port}`, deliveries, close };
}

let sink: Awaited<ReturnType<typeof startSink>>;
let native: NativePlatform;
beforeAll(async () => {
  sink = await startSink();
  native = await startNativePlatform({ allowPrivateNetwork: [sink.host] });
});
afterAll(async () => {
  await native[Symbol.asyncDispose]();
  await sink.close();
});

async function createWebhook(fields: object = {}) {
  const body = { url: `${sink.url}/hook`, events: ["execution.completed"], ...fields };
  return bodyOf(await native.api.post("/v1/webhooks", body), 201, createdWebhookSchema);
}

const deliverySchema = z.object({
  id: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  createdAt: z.string(),
});

describe("webhooks", () => {
  it("show their secret once", async () => {
    const created = await createWebhook();
    expect(created).toMatchObject({
      id: expect.stringMatching(/^wh_/),
      secret: expect.stringMatching(/^whsec_/),
      status: "active",
    });
    const path = `/v1/webhooks/${created.id}`;
    const read = await native.api.get(path);
    expect(bodyOf(read, 200, webhookSchema).events).toEqual(["execution.completed"]);
    expect(read.text).not.toContain(created.secret);
    const list = await native.api.get("/v1/webhooks");
    expect(bodyOf(list, 200, pageSchema(webhookSchema)).data.map(({ id }) => id)).toContain(created.id);
    expect(list.text).not.toContain("whsec_");
    const changed = await native.api.patch(path, { status: "disabled", events: ["agent.created", "agent.deleted"] });
    expect(bodyOf(changed, 200, webhookSchema)).toMatchObject({
      status: "disabled",
      events: ["agent.created", "agent.deleted"],
    });
    expect((await native.api.delete(path)).body).toEqual({ id: created.id, deleted: true });
    expect(errorOf(await native.api.get(path), 404).code).toBe("webhook_not_found");
  });

  it("are called with a signature that the documented recipe verifies", async () => {
    const agent = await createAgent(native.api);
    const webhook = await createWebhook({ agentId: agent.id });
    const execution = await execute(native.api, agent.id, "hello", { metadata: { source: "test" } });
    await expect.poll(() => sink.deliveries.filter(({ body }) => body.includes(execution.id)).length).toBe(1);
    const delivery = sink.deliveries.find(({ body }) => body.includes(execution.id));
    if (delivery === undefined) throw new Error("no delivery");
    const { headers, body } = delivery;
    expect(headers["x-ya-webhook-id"]).toBe(webhook.id);
    const timestamp = String(headers["x-ya-webhook-timestamp"]);
    const signature = createHmac("sha256", webhook.secret).update(`${timestamp}.${body}`).digest("hex");
    expect(headers["x-ya-webhook-signature"]).toBe(`sha256=${signature}`);
    const event = deliverySchema.parse(JSON.parse(body));
    expect(event).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      type: "execution.completed",
      data: {
        executionId: execution.id,
        agentId: agent.id,
        conversationId: execution.conversationId,
        status: "completed",
        output: execution.output,
        usage: { totalTokens: execution.usage.totalTokens },
        duration: expect.any(Number),
        metadata: { source: "test" },
      },
    });
  });

  it("get only what they asked for, of the agent they asked for", async () => {
    const [watched, other] = [await createAgent(native.api), await createAgent(native.api)];
    await createWebhook({ agentId: watched.id, events: ["execution.started", "execution.failed"] });
    await execute(native.api, other.id, "hello");
    native.platform.model.once([{ type: "status", status: 400, message: "no" }]);
    const failed = errorOf(await native.api.post(`/v1/agents/${watched.id}/execute`, { input: "x" }), 502);
    const types = () =>
      sink.deliveries
        .map(({ body }) => deliverySchema.parse(JSON.parse(body)))
        .filter(({ data }) => data["agentId"] === watched.id || data["agentId"] === other.id)
        .map(({ type, data }) => `${type} ${String(data["executionId"])}`)
        .toSorted();
    const expected = ["execution.failed", "execution.started"].map((type) => `${type} ${failed.executionId}`);
    await expect.poll(types).toEqual(expected);
  });

  it.each([
    [{ events: ["execution.completed"] }, "missing_required_field", "url"],
    [{ url: "https://a.example/" }, "missing_required_field", "events"],
    [{ url: "nonsense", events: ["execution.completed"] }, "invalid_field_value", "url"],
    [{ url: "file:///etc/passwd", events: ["execution.completed"] }, "invalid_field_value", "url"],
    [{ url: "https://a.example/", events: [] }, "invalid_field_value", "events"],
    [{ url: "https://a.example/", events: ["everything"] }, "invalid_field_value", "events.0"],
    [{ url: "https://a.example/", events: ["key.created", "key.created"] }, "invalid_field_value", "events"],
  ])("are refused with fields like %j", async (body, code, param) => {
    expect(errorOf(await native.api.post("/v1/webhooks", body), 400)).toMatchObject({ code, param });
  });

  it("are refused for an agent that is not there and an address that may not be called", async () => {
    const body = { url: "https://a.example/", events: ["execution.completed"] };
    const stranger = await native.stranger();
    const theirs = await createAgent(stranger);
    for (const agentId of ["agt_x", theirs.id]) {
      expect(errorOf(await native.api.post("/v1/webhooks", { ...body, agentId }), 404).code).toBe("agent_not_found");
    }
    const refused = await native.api.post("/v1/webhooks", { ...body, url: "http://127.0.0.1:1/" });
    expect(errorOf(refused, 422).type).toBe("validation_error");
  });

  it("are not another organization's", async () => {
    const { id } = await createWebhook();
    const stranger = await native.stranger();
    expect(errorOf(await stranger.get(`/v1/webhooks/${id}`), 404).code).toBe("webhook_not_found");
    expect(errorOf(await stranger.patch(`/v1/webhooks/${id}`, { status: "disabled" }), 404).code).toBe(
      "webhook_not_found",
    );
    expect(errorOf(await stranger.delete(`/v1/webhooks/${id}`), 404).code).toBe("webhook_not_found");
  });
});
