import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createOutbound } from "../../src/egress/create-outbound.ts";
import type { Outbound } from "../../src/egress/outbound.ts";
import type { EngineHooks } from "../../src/engine/hooks.ts";
import type { Program } from "../../src/engine/program.ts";
import { renderCompletion } from "../../src/http/dialects/charm/render-completion.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { forgetCallback, readCompletion } from "../../src/operations/completion-callback.ts";
import { executeAgent } from "../../src/operations/execute-agent.ts";
import { createAlongside } from "../../src/operations/execution-hooks.ts";
import { OutboxRelay } from "../../src/operations/relay-outbox.ts";
import { completionCallback } from "../../src/runtimes/completion-callback/completion-callback.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, failure, startTestOperations, type TestOperations } from "./test-operations.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const chat: Program = async (_ctx, input) => {
  if (JSON.stringify(input).includes("fail")) throw new Error("no");
  return "the answer";
};

describe.each(databaseKinds)("completion callbacks on %s", (kind) => {
  let operations: TestOperations;
  let receiver: WebhookReceiver;
  let outbound: Outbound & AsyncDisposable;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
    const callback = completionCallback({
      post: (request) => outbound.request(request),
      read: async (organizationId, executionId) => {
        const completion = await readCompletion(operations.parts, organizationId, executionId);
        return completion === undefined ? undefined : { url: completion.url, body: renderCompletion(completion) };
      },
      forget: (organizationId, executionId) => forgetCallback(operations.parts, organizationId, executionId),
      now: () => operations.time,
    });
    let alongside: EngineHooks["alongside"] | undefined;
    operations = await startTestOperations(kind, {
      run: true,
      programs: { chat, "completion-callback": callback },
      hooks: {
        alongside: (...given) => {
          alongside ??= createAlongside(operations.parts.database, () => operations.time);
          return alongside(...given);
        },
      },
    });
    // The receiver is on loopback, which operations refuse and these tests allow.
    operations.parts.checkUrl = (url) => (url.includes("10.0.0.1") ? "A private address." : undefined);
  });
  beforeEach(() => {
    receiver.deliveries.length = 0;
    receiver.statuses = [200];
  });
  afterAll(async () => {
    await operations[Symbol.asyncDispose]();
    await outbound[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  async function executed(input: string, url = receiver.url): Promise<string> {
    const agent = await createAgent(operations.parts, operations.first, chatDefinition());
    const { id } = await executeAgent(operations.parts, operations.first, agent.id, {
      input,
      completionCallbackUrl: url,
    });
    await operations.engine.end(id);
    return id;
  }

  /** Hands on what is in the outbox. @returns the callback's execution */
  async function relay(): Promise<string> {
    await using relaying = new OutboxRelay(operations.parts);
    relaying.wake();
    await relaying.settled();
    const sql = `select max(id) as id from execution where program = 'completion-callback'`;
    const [row] = await operations.parts.database.read({ sql, params: [], returnsRows: true });
    return String(row?.["id"]);
  }

  async function outcomeOf(id: string): Promise<unknown> {
    const end = (await operations.engine.end(id)).at(-1);
    return end?.type === "execution-completed" ? end.body.output : end;
  }

  test("are made once, with the run as it ended, and the address is forgotten", async () => {
    const id = await executed("hello");
    expect(await outcomeOf(await relay())).toEqual({ outcome: "delivered", tries: 1, status: 200 });
    const [delivery, ...others] = receiver.deliveries;
    expect(others).toEqual([]);
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      run_id: id,
      status: "success",
      result_content: { output: "the answer", format: "markdown" },
      error_message: null,
    });
    expect(await operations.count("completion_callback")).toBe(0);
    expect(await operations.count("outbox")).toBe(0);
  });

  test("tell of a failure as well", async () => {
    await executed("fail");
    await outcomeOf(await relay());
    expect(JSON.parse(receiver.deliveries[0]?.body ?? "")).toMatchObject({ status: "error", result_content: null });
  });

  test("are tried again after no answer and 5xx, three times, and then given up", async () => {
    receiver.statuses = [500, 0, 503];
    await executed("hello");
    const callback = await relay();
    for (let count = 1; count <= 3; count += 1) {
      await operations.engine.event(
        callback,
        (event) => event.type === "wait-started" && event.body.name === `retry-${count}`,
      );
      await operations.engine.engine.signal(callback, `retry-${count}`);
    }
    expect(await outcomeOf(callback)).toEqual({ outcome: "unreachable", tries: 4, status: 503 });
    expect(receiver.deliveries).toHaveLength(4);
    expect(await operations.count("completion_callback")).toBe(0);
  });

  test.each([302, 400, 404])("that are answered with %i are not made again", async (status) => {
    receiver.statuses = [status];
    await executed("hello");
    expect(await outcomeOf(await relay())).toEqual({ outcome: "refused", tries: 1, status });
  });

  test("go to no address that the guard refuses", async () => {
    await expect(executed("hello", "http://10.0.0.1/")).rejects.toEqual(
      failure("address_refused", "completionCallbackUrl"),
    );
    const before = await operations.count("execution");
    await executed("hello", "http://169.254.1.1/");
    expect(await outcomeOf(await relay())).toEqual({ outcome: "refused", tries: 1 });
    expect(await operations.count("execution")).toBe(before + 2);
  });
});
