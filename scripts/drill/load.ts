import { z } from "zod";
import { CodeLoad, codeScenarios } from "./code-load.ts";
import type { DrillClient } from "./drill-client.ts";
import { Executor } from "./executor.ts";
import { JobLoad, jobScenarios } from "./job-load.ts";
import type { Random } from "./random.ts";
import type { Tenant } from "./tenants.ts";

/** Turns of a conversation before the load begins another one. */
const turnsOfConversation = 20;

const conversationSchema = z.object({ conversationId: z.string() });

const chatScenarios = ["plain", "plain", "turn", "turn", "tools", "tools", "ask", "keep", "form", "cancel"] as const;
type ChatScenario = (typeof chatScenarios)[number];

/** Mixed work from several loops at once, until it is told to stop; each loop then ends what it has begun. */
export class Load {
  readonly #client: DrillClient;
  readonly #random: Random;
  readonly #executor: Executor;
  readonly #code: CodeLoad;
  readonly #jobs: JobLoad;
  readonly #tenants: readonly [Tenant, ...Tenant[]];
  readonly #conversations = new Map<string, { id: string; turns: number }>();
  #stopped = false;
  /** Executions that came to their end here. */
  ended = 0;

  constructor(client: DrillClient, tenants: readonly [Tenant, ...Tenant[]], random: Random) {
    this.#client = client;
    this.#tenants = tenants;
    this.#random = random;
    this.#executor = new Executor(client, random);
    this.#code = new CodeLoad(this.#executor, random);
    this.#jobs = new JobLoad(this.#executor, random);
  }

  /** Resolves once all loops have ended after `stop`. */
  async run(loops: number): Promise<void> {
    await Promise.all(Array.from({ length: loops }, () => this.#loop()));
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A job for each tenant that fires every second until `endStanding`. */
  async beginStanding(): Promise<void> {
    for (const tenant of this.#tenants) await this.#jobs.beginStanding(tenant);
  }

  /** Each of them has to fire once more, and is cancelled then. */
  async endStanding(): Promise<void> {
    await this.#jobs.endStanding();
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      await this.#one();
      this.ended += 1;
    }
  }

  async #one(): Promise<void> {
    const tenant = this.#random.pick(this.#tenants);
    const scenario = this.#random.pick([...chatScenarios, ...codeScenarios, ...jobScenarios]);
    switch (scenario) {
      case "run":
      case "run-turn":
      case "run-cancel":
      case "daemon-run":
      case "daemon-cancel":
        return this.#code.play(tenant, scenario);
      case "job":
      case "schedule":
        return this.#jobs.play(tenant, scenario);
      default:
        return this.#chat(tenant, scenario);
    }
  }

  async #chat(tenant: Tenant, scenario: ChatScenario): Promise<void> {
    const { agents } = tenant;
    const executor = this.#executor;
    const note = executor.newNote();
    const call = (name: string, part: string) => `call ${name} {"note":"${note}${part}"}`;
    switch (scenario) {
      case "plain":
        return executor.execute(tenant, agents.plain, { input: `Say ${note} in a few plain and simple words, please` });
      case "turn":
        return executor.execute(tenant, agents.plain, {
          input: `And ${note}?`,
          conversationId: await this.#conversationOf(tenant),
        });
      case "tools": {
        const input = this.#random.pick([
          call("lookup", ""),
          call("book", ""),
          `${call("lookup", "a")} ${call("book", "b")}`,
          `${call("book", "a")} ${call("book", "b")} ${call("lookup", "c")}`,
        ]);
        return executor.execute(tenant, agents.tools, { input });
      }
      case "ask": {
        const input = this.#random.pick([call("ask_user", ""), `${call("ask_user", "a")} ${call("lookup", "b")}`]);
        return executor.execute(tenant, agents.asker, { input });
      }
      case "keep": {
        const input = `call memory_write {"content":"${note} is a note"} ${call("lookup", "")}`;
        return executor.execute(tenant, agents.keeper, { input, memoryStores: [tenant.memoryStoreId] });
      }
      case "form":
        return executor.execute(tenant, agents.form, { input: `Fill ${note} in` });
      case "cancel":
        return executor.executeAndCancel(tenant, agents.plain, {
          request: { input: "count 150" },
          afterMs: this.#random.whole(0, 400),
        });
      default:
        return scenario satisfies never;
    }
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
      headers: { "idempotency-key": this.#executor.newKey(), prefer: "respond-async" },
    });
    const { conversationId } = conversationSchema.parse(answer.body);
    this.#conversations.set(tenant.key, { id: conversationId, turns: 1 });
    return conversationId;
  }
}
