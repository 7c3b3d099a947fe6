import type { ProviderConnections } from "./model-factory.ts";

/**
 * `host:port` of every base URL that the operator set, the model hub's included: what the models' own way out may reach off the public internet,
 * and no tool or webhook.
 */
export function modelHosts(options: ProviderConnections & { local?: { hubUrl?: string } }): string[] {
  const { providers = {}, endpoints = {}, local } = options;
  const connections: { baseUrl?: string }[] = [...Object.values(providers), ...Object.values(endpoints)];
  const hosts = [...connections, { baseUrl: local?.hubUrl }].flatMap(({ baseUrl }) => {
    const url = baseUrl === undefined ? null : URL.parse(baseUrl);
    if (url === null) return [];
    return [`${url.hostname}:${url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port}`];
  });
  return [...new Set(hosts)];
}
