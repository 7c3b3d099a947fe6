import { RunyardError } from "../../../contract/errors.ts";
import type { SandboxNetwork } from "../../../sandbox/sandbox.ts";
import type { CodeParts } from "../code-parts.ts";

/** `host:port` of a registry's URL. @throws `preparation_failed` when it is no http or https URL */
export function hostOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new RunyardError("preparation_failed", "The package registry's address is no http or https URL.");
  }
  return `${parsed.hostname}:${parsed.port === "" ? (parsed.protocol === "https:" ? 443 : 80) : parsed.port}`;
}

/** Entries like `files.example` (on its usual ports) and `files.example:8443`. */
export function packageHostEntries(hosts: readonly string[]): string[] {
  return hosts
    .flatMap((host) => (/:\d+$/.test(host) ? [host] : [`${host}:443`, `${host}:80`]))
    .map((entry) => entry.toLowerCase());
}

/**
 * The network of an installation: the registries and nothing else. Their addresses may be private, as those of mirrors
 * are: the operator or this machine's configuration names them, never an agent.
 *
 * @param hosts `host:port` each, an IPv6 address in brackets
 * @param refused collects what was asked for in vain
 */
export function registryNetwork(
  outbound: Pick<CodeParts["outbound"], "connect">,
  hosts: readonly string[],
  refused: Set<string>,
): SandboxNetwork {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return {
    async connect(target, signal) {
      const host = target.host.toLowerCase();
      const entry = `${host.includes(":") ? `[${host}]` : host}:${target.port}`;
      if (!allowed.has(entry)) {
        refused.add(entry);
        throw new RunyardError("address_refused", `An installation may reach package registries only, not ${entry}.`);
      }
      return outbound.connect(target, { signal, alsoAllowed: hosts });
    },
  };
}
