import type { DaemonKey } from "../../../contract/daemon.ts";
import { DaemonMachine, type DaemonTimes, type MachineParts } from "./daemon-machine.ts";
import type { DaemonLauncher, DaemonRecords, Daemons } from "./daemons.ts";

const usualTimes: DaemonTimes = {
  idleMs: 15 * 60_000,
  bootMs: 120_000,
  pingMs: 10_000,
  graceMs: 2000,
  firstBackoffMs: 1000,
  lastBackoffMs: 60_000,
  healthyMs: 60_000,
};

/** How often idle daemons are asked whether they still answer. */
const healthEveryMs = 30_000;
/** Daemons that are brought up at the same time when the server begins. */
const startsAtOnce = 2;

export interface DaemonsOptions {
  launcher: DaemonLauncher;
  records: DaemonRecords;
  /** Why there can be none on this machine. */
  findProblem(): Promise<string | undefined>;
  times?: Partial<DaemonTimes>;
  healthEveryMs?: number;
  clock?: () => number;
}

export interface RunningDaemons extends Daemons {
  /** Brings these up one after the other, a few at a time. Failures are noted on them. */
  resume(keys: readonly DaemonKey[]): Promise<void>;
}

/** Disposing kills them all at once. What was wanted stays so in the records, and the next server brings it up. */
export function createDaemons(options: DaemonsOptions): RunningDaemons {
  const { launcher, records, findProblem, clock = () => performance.now() } = options;
  const parts: MachineParts = { launcher, records, times: { ...usualTimes, ...options.times }, clock };
  const machines = new Map<string, DaemonMachine>();
  const closing = new AbortController();
  // One timer for all of them, so that a hundred idle ones cost a server nothing between two checks.
  const health = setInterval(() => {
    for (const machine of machines.values()) machine.checkHealth();
  }, options.healthEveryMs ?? healthEveryMs);
  health.unref();

  const machineOf = (key: DaemonKey): DaemonMachine => {
    const name = nameOf(key);
    let machine = machines.get(name);
    if (machine === undefined) {
      machine = new DaemonMachine(key, parts);
      machines.set(name, machine);
    }
    return machine;
  };
  return {
    findProblem: () => findProblem(),
    run: (key, job) => machineOf(key).run(job),
    start: (key) => machineOf(key).start(),
    stop: (key) => machineOf(key).stop(),
    restart: (key) => machineOf(key).restart(),
    async suspend({ organizationId, agentId }) {
      const prefix = nameOf({ organizationId, agentId, userId: "" });
      const ofAgent = [...machines].filter(([name]) => name.startsWith(prefix));
      await Promise.all(ofAgent.map(([, machine]) => machine.suspend()));
    },
    async terminate(key) {
      const machine = machines.get(nameOf(key));
      machines.delete(nameOf(key));
      await machine?.close();
      await launcher.removeVolume(key);
    },
    stateOf: (key) => machines.get(nameOf(key))?.state,
    async resume(keys) {
      const waiting = [...keys];
      const next = async (): Promise<void> => {
        for (let key = waiting.shift(); key !== undefined && !closing.signal.aborted; key = waiting.shift()) {
          await machineOf(key)
            .start()
            .catch(() => {});
        }
      };
      await Promise.all(Array.from({ length: startsAtOnce }, next));
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearInterval(health);
      await Promise.all([...machines.values()].map((machine) => machine.close()));
    },
  };
}

function nameOf({ organizationId, agentId, userId }: DaemonKey): string {
  return `${organizationId} ${agentId} ${userId}`;
}
