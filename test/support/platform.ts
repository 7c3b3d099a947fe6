import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load-settings.ts";
import type { Operations } from "../../src/operations/operations.ts";
import { createPlatform } from "../../src/platform.ts";
import { testDatabaseUrl } from "./postgres.ts";
import { createScriptedModel, type ScriptedModel } from "./scripted-model.ts";
import type { DatabaseKind } from "./test-database.ts";

export interface TestPlatform {
  url: string;
  /** The first key, with all scopes. */
  key: string;
  organizationId: string;
  /** Answers every model name. */
  model: ScriptedModel;
  operations: Operations;
  newOrganization(): Promise<{ id: string; key: string }>;
  close(): Promise<void>;
}

export interface TestPlatformOptions {
  /** Default: what the run is for, `sqlite` or `postgres`; see vitest.config.ts. */
  database?: DatabaseKind;
  /** `host:port` that tools and webhooks may call. */
  allowPrivateNetwork?: readonly string[];
  now?: () => number;
  /** Further settings, by their variables. */
  env?: Record<string, string>;
}

/** Boots the real platform in this process, on a port of its own, with the scripted model as its only provider. */
export async function startPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  await using made = new AsyncDisposableStack();
  const model = made.use(await createScriptedModel());
  const dataDir = await mkdtemp(join(tmpdir(), "runyard-test-"));
  made.defer(() => rm(dataDir, { recursive: true, force: true }));
  const database = options.database ?? process.env["RUNYARD_TEST_DATABASE"];
  const place = database === "postgres" ? made.use(await testDatabaseUrl()) : undefined;
  const settings = await loadSettings({
    env: {
      RUNYARD_DATA_DIR: dataDir,
      RUNYARD_PORT: "0",
      RUNYARD_LOG_LEVEL: "silent",
      RUNYARD_DRAIN_TIMEOUT_MS: "1000",
      OPENAI_API_KEY: "sk-scripted",
      OPENAI_BASE_URL: model.openAiBaseUrl,
      RUNYARD_ALLOW_PRIVATE_NETWORK: (options.allowPrivateNetwork ?? []).join(","),
      ...(place === undefined ? {} : { RUNYARD_DATABASE_URL: place.url }),
      ...options.env,
    },
    directory: dataDir,
  });
  const platform = await createPlatform(settings, { now: options.now });
  made.defer(() => platform.close());
  const { url, firstKey, organizationId, operations } = platform;
  if (firstKey === undefined) throw new Error("a fresh platform makes up its first key");
  const owned = made.move();
  return {
    url,
    key: firstKey,
    organizationId,
    model,
    operations,
    async newOrganization() {
      const response = await fetch(`${url}/v1/organizations`, {
        method: "POST",
        headers: { authorization: `Bearer ${firstKey}`, "content-type": "application/json" },
        body: JSON.stringify({ name: "Another" }),
      });
      if (response.status !== 201) throw new Error(`no organization: ${response.status} ${await response.text()}`);
      return (await response.json()) as { id: string; key: string };
    },
    close: () => owned.disposeAsync(),
  };
}
