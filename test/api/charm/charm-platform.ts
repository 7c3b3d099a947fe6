import { startPlatform, type TestPlatform } from "../../support/platform.ts";
import { type CharmApi, charmApi } from "./charm-api.ts";

/** A platform of its own with a client of its first key, which has all scopes. */
export interface CharmPlatform extends AsyncDisposable {
  platform: TestPlatform;
  api: CharmApi;
  /** The API with a key of an organization made for the purpose. */
  stranger(): Promise<CharmApi>;
  /** The API with a key that has these scopes alone. */
  withScopes(...scopes: string[]): Promise<CharmApi>;
  /** The API without a key. */
  readonly nobody: CharmApi;
}

export async function startCharmPlatform(options?: Parameters<typeof startPlatform>[0]): Promise<CharmPlatform> {
  const platform = await startPlatform(options);
  const api = charmApi(platform.url, platform.key);
  return {
    platform,
    api,
    nobody: charmApi(platform.url, ""),
    stranger: async () => charmApi(platform.url, (await platform.newOrganization()).key),
    async withScopes(...scopes) {
      const answer = await api.post("/v1/keys", { name: "Narrow", environment: "live", scopes });
      if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${answer.text}`);
      const { key } = answer.body as { key: string };
      return charmApi(platform.url, key);
    },
    [Symbol.asyncDispose]: () => platform.close(),
  };
}
