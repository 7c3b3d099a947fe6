import { setTimeout as pause } from "node:timers/promises";
import type { DrillClient, Outcome } from "./drill-client.ts";
import type { Random } from "./random.ts";

/** Whose executions they are. */
export interface Caller {
  key: string;
  organizationId: string;
}

/** What a caller does about one execution, from its start to its end, whatever happens to the server meanwhile. */
export class Executor {
  readonly client: DrillClient;
  readonly #random: Random;
  #calls = 0;
  #notes = 0;

  constructor(client: DrillClient, random: Random) {
    this.client = client;
    this.#random = random;
  }

  newKey(): string {
    this.#calls += 1;
    return `drill-${this.#calls}`;
  }

  /** A text that no other execution has in its input. */
  newNote(): string {
    this.#notes += 1;
    return `n${this.#notes}`;
  }

  /** Executes in one of the three ways, answers what the client is asked, and stays until the end. */
  async execute(caller: Caller, agentId: string, request: Record<string, unknown>): Promise<void> {
    const outcome = await this.#send(caller, `/v1/agents/${agentId}/execute`, request);
    await this.followThrough(caller, outcome);
  }

  /** Cancels it so long after it was accepted. */
  async executeAndCancel(
    caller: Caller,
    agentId: string,
    { request, afterMs }: { request: Record<string, unknown>; afterMs: number },
  ): Promise<void> {
    const outcome = await this.client.execute(caller, {
      path: `/v1/agents/${agentId}/execute`,
      body: request,
      idempotencyKey: this.newKey(),
      isAsync: true,
    });
    if (outcome === undefined) return;
    await pause(afterMs);
    await this.#cancelOne(caller, outcome.executionId);
  }

  async followThrough(caller: Caller, first: Outcome | undefined): Promise<void> {
    let outcome = first;
    while (outcome !== undefined && outcome.executionId !== "") {
      const { executionId, status } = outcome;
      switch (status) {
        case "running":
          outcome = await this.#watchOrPoll(caller, executionId);
          break;
        case "requires_action":
          if (this.#random.next() < 0.15) return this.#cancelOne(caller, executionId);
          outcome = await this.#answerTools(caller, executionId);
          break;
        default:
          // Somebody comes by long after the end, too.
          if (this.#random.next() < 0.1) await this.client.stream(caller, { executionId });
          return;
      }
    }
  }

  async #send(caller: Caller, path: string, request: Record<string, unknown>): Promise<Outcome | undefined> {
    const idempotencyKey = this.newKey();
    const way = this.#random.pick(["answer", "stream", "stream", "later"]);
    if (way === "stream") {
      return this.client.stream(caller, { path, body: { ...request, stream: true }, idempotencyKey });
    }
    return this.client.execute(caller, { path, body: request, idempotencyKey, isAsync: way === "later" });
  }

  async #watchOrPoll(caller: Caller, executionId: string): Promise<Outcome> {
    if (this.#random.next() < 0.3) {
      const seen = await this.client.stream(caller, { executionId });
      if (seen !== undefined) return seen;
    }
    for (;;) {
      const execution = await this.client.get(caller, executionId);
      if (execution.status !== "running") return { executionId, status: execution.status };
      await pause(80);
    }
  }

  async #answerTools(caller: Caller, executionId: string): Promise<Outcome> {
    const execution = await this.client.get(caller, executionId);
    const pending = execution.toolCalls.filter(({ duration, error }) => duration === null && error === undefined);
    if (execution.status !== "requires_action") return { executionId, status: execution.status };
    const toolResults = pending.map(({ id }) => ({ toolCallId: id, result: { answered: id } }));
    const outcome = await this.#send(caller, `/v1/executions/${executionId}/tool-results`, { toolResults });
    return outcome ?? { executionId, status: "running" };
  }

  async #cancelOne(caller: Caller, executionId: string): Promise<void> {
    const answer = await this.client.call(caller.key, {
      method: "POST",
      path: `/v1/executions/${executionId}/cancel`,
      headers: { "idempotency-key": this.newKey() },
    });
    if (answer.status === 200) this.client.notes.push({ type: "answered", executionId, status: "cancelled" });
    else if (answer.status !== 409) this.client.complaints.push(`cancel ${executionId}: ${answer.status}`);
    await this.followThrough(caller, { executionId, status: "running" });
  }
}
