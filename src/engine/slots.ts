import type { Id } from "../contract/ids.ts";

export interface ConcurrencyLimits {
  /** Executions running in this process at once. */
  total: number;
  perOrganization: number;
  perAgent: number;
}

export interface SlotHolder {
  organizationId: Id;
  agentId: Id | null;
}

/** Counts what runs, against the limits. */
export class Slots {
  readonly #limits: ConcurrencyLimits;
  readonly #byOrganization = new Map<Id, number>();
  readonly #byAgent = new Map<Id, number>();
  #taken = 0;

  constructor(limits: ConcurrencyLimits) {
    this.#limits = limits;
  }

  get free(): number {
    return this.#limits.total - this.#taken;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a slot when every limit has room. */
  take({ organizationId, agentId }: SlotHolder): boolean {
    if (this.free <= 0) return false;
    if ((this.#byOrganization.get(organizationId) ?? 0) >= this.#limits.perOrganization) return false;
    if (agentId !== null && (this.#byAgent.get(agentId) ?? 0) >= this.#limits.perAgent) return false;
    this.#taken += 1;
    add(this.#byOrganization, organizationId, 1);
    if (agentId !== null) add(this.#byAgent, agentId, 1);
    return true;
  }

  /** @returns whether a limit was reached until now, so that something queued may have been held up by it */
  give({ organizationId, agentId }: SlotHolder): boolean {
    const wasFull =
      this.free <= 0 ||
      (this.#byOrganization.get(organizationId) ?? 0) >= this.#limits.perOrganization ||
      (agentId !== null && (this.#byAgent.get(agentId) ?? 0) >= this.#limits.perAgent);
    this.#taken -= 1;
    add(this.#byOrganization, organizationId, -1);
    if (agentId !== null) add(this.#byAgent, agentId, -1);
    return wasFull;
  }

  /** Those that can start nothing now, comma-joined for the query of due executions. */
  get busy(): { organizations: string; agents: string } {
    return {
      organizations: atLimit(this.#byOrganization, this.#limits.perOrganization),
      agents: atLimit(this.#byAgent, this.#limits.perAgent),
    };
  }
}

function add(counts: Map<Id, number>, id: Id, by: number): void {
  const count = (counts.get(id) ?? 0) + by;
  if (count === 0) counts.delete(id);
  else counts.set(id, count);
}

function atLimit(counts: Map<Id, number>, limit: number): string {
  const ids: Id[] = [];
  for (const [id, count] of counts) if (count >= limit) ids.push(id);
  return ids.join(",");
}
