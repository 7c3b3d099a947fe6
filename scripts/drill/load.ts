import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { DrillClient, Outcome } from "./drill-client.ts";
import type { Random } from "./random.ts";
import type { Tenant } from "./tenants.ts";

/** Turns of a conversation before the load begins another one. */
const turnsOfConversation = 20;

const conversationSchema = z.object({ conversationId: z.string() });

/** Mixed work from several loops at once, until it is told to stop; each loop then ends what it has begun. */
export class Load {
  readonly #client: DrillClient;
  readonly #random: Random;
  readonly #tenants: readonly [Tenant, ...Tenant[]];
  readonly #conversations = new Map<string, { id: string; turns: number }>();
  #stopped = false;
  #calls = 0;
  /** Executions that came to their end here. */
  ended = 0;

  constructor(client: DrillClient, tenants: readonly [Tenant, ...Tenant[]], random: Random) {
    this.#client = client;
    this.#tenants = tenants;
    this.#random = random;
  }

  /** Resolves once all loops have ended after `stop`. */
  async run(loops: number): Promise<void> {
    await Promise.all(Array.from({ length: loops }, () => this.#loop()));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      await this.#one();
      this.ended += 1;
    }
  }

  async #one(): Promise<void> {
    const random = this.#random;
    const tenant = random.pick(this.#tenants);
    const note = `n${this.#calls}`;
    const call = (name: string, part: string) => `call ${name} {"note":"${note}${part}"}`;
    const scenario = random.pick(["plain", "plain", "turn", "turn", "tools", "tools", "ask", "keep", "form", "cancel"]);
    switch (scenario) {
      case "plain":
        return this.#execute(tenant, tenant.agents.plain, {
          input: `Say ${note} in a few plain and simple words, please`,
        });
      case "turn":
        return this.#execute(tenant, tenant.agents.plain, {
          input: `And ${note}?`,
          conversationId: await this.#conversationOf(tenant),
        });
      case "tools": {
        const input = random.pick([
          call("lookup", ""),
          call("book", ""),
          `${call("lookup", "a")} ${call("book", "b")}`,
          `${call("book", "a")} ${call("book", "b")} ${call("lookup", "c")}`,
        ]);
        return this.#execute(tenant, tenant.agents.tools, { input });
      }
      case "ask": {
        const input = random.pick([call("ask_user", ""), `${call("ask_user", "a")} ${call("lookup", "b")}`]);
        return this.#execute(tenant, tenant.agents.asker, { input });
      }
      case "keep": {
        const input = `call memory_write {"content":"${note} is a note"} ${call("lookup", "")}`;
        return this.#execute(tenant, tenant.agents.keeper, { input, memoryStores: [tenant.memoryStoreId] });
      }
      case "form":
        return this.#execute(tenant, tenant.agents.form, { input: `Fill ${note} in` });
      case "cancel":
        return this.#cancel(tenant);
    }
  }

  /** Executes in one of the three ways, answers what the client is asked, and stays until the end. */
  async #execute(tenant: Tenant, agentId: string, request: Record<string, unknown>): Promise<void> {
    const outcome = await this.#send(tenant, `/v1/agents/${agentId}/execute`, request);
    await this.#followThrough(tenant, outcome);
  }

  async #send(tenant: Tenant, path: string, request: Record<string, unknown>): Promise<Outcome | undefined> {
    const idempotencyKey = this.#newKey();
    const way = this.#random.pick(["answer", "stream", "stream", "later"]);
    if (way === "stream") {
      return this.#client.stream(tenant, { path, body: { ...request, stream: true }, idempotencyKey });
    }
    return this.#client.execute(tenant, { path, body: request, idempotencyKey, isAsync: way === "later" });
  }

  async #followThrough(tenant: Tenant, first: Outcome | undefined): Promise<void> {
    let outcome = first;
    while (outcome !== undefined && outcome.executionId !== "") {
      const { executionId, status } = outcome;
      switch (status) {
        case "running":
          outcome = await this.#watchOrPoll(tenant, executionId);
          break;
        case "requires_action":
          if (this.#random.next() < 0.15) return this.#cancelOne(tenant, executionId);
          outcome = await this.#answerTools(tenant, executionId);
          break;
        default:
          // Somebody comes by long after the end, too.
          if (this.#random.next() < 0.1) await this.#client.stream(tenant, { executionId });
          return;
      }
    }
  }

  async #watchOrPoll(tenant: Tenant, executionId: string): Promise<Outcome> {
    if (this.#random.next() < 0.3) {
      const seen = await this.#client.stream(tenant, { executionId });
      if (seen !== undefined) return seen;
    }
    for (;;) {
      const execution = await this.#client.get(tenant, executionId);
      if (execution.status !== "running") return { executionId, status: execution.status };
      await pause(80);
    }
  }

  async #answerTools(tenant: Tenant, executionId: string): Promise<Outcome> {
    const execution = await this.#client.get(tenant, executionId);
    const pending = execution.toolCalls.filter(({ duration, error }) => duration === null && error === undefined);
    if (execution.status !== "requires_action") return { executionId, status: execution.status };
    const toolResults = pending.map(({ id }) => ({ toolCallId: id, result: { answered: id } }));
    const outcome = await this.#send(tenant, `/v1/executions/${executionId}/tool-results`, { toolResults });
    return outcome ?? { executionId, status: "running" };
  }

  async #cancel(tenant: Tenant): Promise<void> {
    const outcome = await this.#client.execute(tenant, {
      path: `/v1/agents/${tenant.agents.plain}/execute`,
      body: { input: "count 150" },
      idempotencyKey: this.#newKey(),
      isAsync: true,
    });
    if (outcome === undefined) return;
    await pause(this.#random.whole(0, 400));
    await this.#cancelOne(tenant, outcome.executionId);
  }

  async #cancelOne(tenant: Tenant, executionId: string): Promise<void> {
    const answer = await this.#client.call(tenant.key, {
      method: "POST",
      path: `/v1/executions/${executionId}/cancel`,
      headers: { "idempotency-key": this.#newKey() },
    });
    if (answer.status === 200) this.#client.notes.push({ type: "answered", executionId, status: "cancelled" });
    else if (answer.status !== 409) this.#client.complaints.push(`cancel ${executionId}: ${answer.status}`);
    await this.#followThrough(tenant, { executionId, status: "running" });
  }

  /** The conversation that all loops share at the moment. */
  async #conversationOf(tenant: Tenant): Promise<string> {
    const known = this.#conversations.get(tenant.key);
    if (known !== undefined && known.turns < turnsOfConversation) {
      known.turns += 1;
      return known.id;
    }
    const answer = await this.#client.call(tenant.key, {
      method: "POST",
      path: `/v1/agents/${tenant.agents.plain}/execute`,
      body: { input: "Hello" },
      headers: { "idempotency-key": this.#newKey(), prefer: "respond-async" },
    });
    const { conversationId } = conversationSchema.parse(answer.body);
    this.#conversations.set(tenant.key, { id: conversationId, turns: 1 });
    return conversationId;
  }

  #newKey(): string {
    this.#calls += 1;
    return `drill-${this.#calls}`;
  }
}
