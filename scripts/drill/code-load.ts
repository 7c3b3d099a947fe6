import { z } from "zod";
import type { Executor } from "./executor.ts";
import type { Random } from "./random.ts";
import type { Tenant } from "./tenants.ts";

export const codeScenarios = ["run", "run", "run-turn", "run-cancel", "daemon-run", "daemon-cancel"] as const;
export type CodeScenario = (typeof codeScenarios)[number];

/** Runs of one conversation before the load begins another one; no more than may stand in line at once. */
const runsOfConversation = 6;

const conversationSchema = z.object({ conversationId: z.string() });

/** Runs of user code, by themselves and in daemons. */
export class CodeLoad {
  readonly #executor: Executor;
  readonly #random: Random;
  readonly #conversations = new Map<string, { id: string; runs: number }>();

  constructor(executor: Executor, random: Random) {
    this.#executor = executor;
    this.#random = random;
  }

  async play(tenant: Tenant, scenario: CodeScenario): Promise<void> {
    const { code, daemons } = tenant;
    const executor = this.#executor;
    const agentId = this.#random.pick([code.pythonOnce, code.pythonAgain, code.nodeOnce, code.nodeAgain]);
    const daemonId = this.#random.pick([daemons.pythonOnce, daemons.nodeAgain]);
    switch (scenario) {
      case "run":
        return executor.execute(tenant, agentId, { input: this.#input() });
      case "run-turn": {
        // One that may run again, so that the runs after a death begin where one was.
        const conversationId = await this.#conversationOf(tenant, code.pythonAgain);
        return executor.execute(tenant, code.pythonAgain, { input: this.#input(), conversationId });
      }
      case "run-cancel":
        return executor.executeAndCancel(tenant, agentId, {
          request: { input: { ...this.#input(), pieces: 100, pauseMs: 30 } },
          afterMs: this.#random.whole(0, 500),
        });
      case "daemon-run":
        return executor.execute(tenant, daemonId, { input: this.#input() });
      case "daemon-cancel":
        return executor.executeAndCancel(tenant, daemonId, {
          request: { input: { ...this.#input(), pieces: 40, pauseMs: 20 } },
          afterMs: this.#random.whole(0, 300),
        });
      default:
        return scenario satisfies never;
    }
  }

  #input(): Record<string, string | number> {
    return {
      note: this.#executor.newNote(),
      pieces: this.#random.whole(1, 5),
      pauseMs: this.#random.pick([0, 5, 30, 150]),
    };
  }

  /** The conversation that all loops share at the moment. */
  async #conversationOf(tenant: Tenant, agentId: string): Promise<string> {
    const known = this.#conversations.get(tenant.key);
    if (known !== undefined && known.runs < runsOfConversation) {
      known.runs += 1;
      return known.id;
    }
    const answer = await this.#executor.client.call(tenant.key, {
      method: "POST",
      path: `/v1/agents/${agentId}/execute`,
      body: { input: this.#input() },
      headers: { "idempotency-key": this.#executor.newKey(), prefer: "respond-async" },
    });
    const { conversationId } = conversationSchema.parse(answer.body);
    this.#conversations.set(tenant.key, { id: conversationId, runs: 1 });
    return conversationId;
  }
}
