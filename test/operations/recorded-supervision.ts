import type { DaemonKey, DaemonState } from "../../src/contract/daemon.ts";
import type { DaemonSupervision } from "../../src/operations/parts.ts";

/** Stands in for the supervisor of daemons, which operations only steer: keeps what it was told. */
export interface RecordedSupervision extends DaemonSupervision {
  problem: string | undefined;
  /** Each call with the agent and the user. */
  calls: string[];
  /** Thrown by the next start. */
  failure: Error | undefined;
}

export function recordedSupervision(): RecordedSupervision {
  const states = new Map<string, DaemonState>();
  const name = ({ agentId, userId }: DaemonKey): string => `${agentId} ${userId}`;
  const tell = (verb: string, key: DaemonKey, state: DaemonState): void => {
    supervision.calls.push(`${verb} ${name(key)}`);
    states.set(name(key), state);
  };
  const supervision: RecordedSupervision = {
    problem: undefined,
    findProblem: async () => supervision.problem,
    calls: [],
    failure: undefined,
    async start(key) {
      const { failure } = supervision;
      supervision.failure = undefined;
      if (failure !== undefined) throw failure;
      tell("start", key, "started");
    },
    stop: async (key) => tell("stop", key, "stopped"),
    restart: async (key) => tell("restart", key, "started"),
    async terminate(key) {
      tell("terminate", key, "destroyed");
      states.delete(name(key));
    },
    stateOf: (key) => states.get(name(key)),
  };
  return supervision;
}
