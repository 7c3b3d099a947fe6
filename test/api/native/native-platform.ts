import { startPlatform, type TestPlatform } from "../../support/platform.ts";
import { nativeApi, type NativeApi } from "./native-api.ts";

/** A platform of its own with a client of its first key, which has all scopes. */
export interface NativePlatform extends AsyncDisposable {
  platform: TestPlatform;
  api: NativeApi;
  /** The API with a key of an organization made for the purpose. */
  stranger(): Promise<NativeApi>;
}

export async function startNativePlatform(options?: Parameters<typeof startPlatform>[0]): Promise<NativePlatform> {
  const platform = await startPlatform(options);
  return {
    platform,
    api: nativeApi(platform.url, platform.key),
    stranger: async () => nativeApi(platform.url, (await platform.newOrganization()).key),
    [Symbol.asyncDispose]: () => platform.close(),
  };
}
