import type { CodeDefinition } from "../../contract/agent.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { SandboxNetwork } from "../../sandbox/sandbox.ts";
import type { CodeParts } from "./code-parts.ts";

/** What a version's programs may connect to, through the guard; undefined when it is granted no network. */
export function programNetwork(
  network: CodeDefinition["network"],
  outbound: Pick<CodeParts["outbound"], "connect">,
): SandboxNetwork | undefined {
  if (network === undefined) return undefined;
  const hosts = network.hosts?.map(comparable);
  return {
    connect(target, signal) {
      if (hosts === undefined || hosts.some((host) => isWithin(comparable(target.host), host))) {
        return outbound.connect(target, { signal });
      }
      const allowed = hosts.length === 0 ? "none" : hosts.join(", ");
      return Promise.reject(
        new RunyardError("address_refused", `The agent may not connect to ${target.host}. Hosts it may: ${allowed}.`),
      );
    },
  };
}

function comparable(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function isWithin(host: string, allowed: string): boolean {
  return host === allowed || host.endsWith(`.${allowed}`);
}
