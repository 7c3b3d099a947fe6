import { expect } from "vitest";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChatDefinition } from "../../src/contract/agent.ts";
import type { StoredFile } from "../../src/contract/file.ts";
import type { Json } from "../../src/contract/json.ts";
import type { Organization } from "../../src/contract/organization.ts";
import type { EngineHooks } from "../../src/engine/hooks.ts";
import type { Program } from "../../src/engine/program.ts";
import { authenticate } from "../../src/operations/authenticate.ts";
import { bootstrap } from "../../src/operations/bootstrap.ts";
import { createFile } from "../../src/operations/create-file.ts";
import { createOrganization } from "../../src/operations/create-organization.ts";
import { FileLinks } from "../../src/operations/file-links.ts";
import { KeyUses } from "../../src/operations/key-uses.ts";
import type { Caller, IdempotencyRequest } from "../../src/operations/operations.ts";
import type { OperationParts, PlanLimits } from "../../src/operations/parts.ts";
import { RequestLimits } from "../../src/operations/request-limits.ts";
import { BlobFiles } from "../../src/store/blob-files.ts";
import { Secrets } from "../../src/store/secrets.ts";
import { type RecordedSupervision, recordedSupervision } from "./recorded-supervision.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import type { DatabaseKind } from "../support/test-database.ts";

const testMasterKey = new Uint8Array(32).fill(7);

const noLimits: PlanLimits = {
  requestsPerMinute: null,
  requestsPerDay: null,
  executionsPerMonth: null,
  retentionDays: null,
};

/** Operations on real parts, and callers to call them. */
export interface TestOperations extends AsyncDisposable {
  readonly parts: OperationParts;
  readonly engine: TestEngine;
  readonly blobFolder: string;
  readonly organization: Organization;
  /** The text of the first key. */
  readonly firstKey: string;
  /** The holder of the first key, who may do everything. */
  readonly first: Caller;
  /** How often an operation has said that the outbox may hold something. */
  wakes: number;
  /** How often an operation has said that a job may have a new time. */
  readonly jobWakes: number;
  readonly supervision: RecordedSupervision;
  /** The clock; stands still unless a test moves it. */
  time: number;
  callerOf(keyText: string): Promise<Caller>;
  /** The holder of the first key of another, new organization. */
  stranger(): Promise<Caller>;
  count(table: string): Promise<number>;
}

export async function startTestOperations(
  kind: DatabaseKind,
  options: { programs?: Record<string, Program>; run?: boolean; hooks?: EngineHooks } = {},
): Promise<TestOperations> {
  const folder = await mkdtemp(join(tmpdir(), "runyard-operations-"));
  let time = Date.UTC(2026, 2, 15, 10, 30);
  const now = () => time;
  const engine = await startTestEngine(kind, { run: false, ...options, now });
  const blobFolder = join(folder, "blobs");
  const blobFiles = await BlobFiles.open(blobFolder);
  const plans = {
    starter: { requestsPerMinute: 60, requestsPerDay: 100, executionsPerMonth: null, retentionDays: 90 },
    professional: { ...noLimits, requestsPerDay: 3, retentionDays: 180 },
    enterprise: noLimits,
  };
  const requestLimits = new RequestLimits({ database: engine.database, now, plans });
  const keyUses = new KeyUses({ database: engine.database });
  let wakes = 0;
  let jobWakes = 0;
  const supervision = recordedSupervision();
  const parts: OperationParts = {
    get database() {
      return engine.database;
    },
    get engine() {
      return engine.engine;
    },
    secrets: new Secrets({ masterKey: testMasterKey, database: engine.database }),
    blobFiles,
    now,
    plans,
    defaultPlan: "enterprise",
    maxFileBytes: 1000,
    checkDefinition: (definition) =>
      definition.runtime === "chat" && definition.model === "none/such"
        ? [{ param: "model", message: "No such model." }]
        : [],
    removeOldLayers: () => Promise.resolve(0),
    inspectBundle: () => Promise.resolve({ entries: 0, totalBytes: 0, contentSha256: "", files: new Map() }),
    checkUrl: (url) => (new URL(url).hostname === "127.0.0.1" ? "A private address." : undefined),
    estimateCost: () => 0,
    wakeRelay: () => {
      wakes += 1;
    },
    wakeJobs: () => {
      jobWakes += 1;
    },
    daemons: supervision,
    billing: { webhookSecret: "whsec_operations", weeklyCreditNanoUsd: 5_000_000_000 },
    requestLimits,
    keyUses,
    fileLinks: new FileLinks(testMasterKey),
  };
  const { organization, generatedKey = "" } = await bootstrap(parts, {});
  const callerOf = (keyText: string): Promise<Caller> => authenticate(parts, keyText);
  const first = await callerOf(generatedKey);
  return {
    parts,
    engine,
    blobFolder,
    organization,
    firstKey: generatedKey,
    first,
    callerOf,
    get jobWakes() {
      return jobWakes;
    },
    supervision,
    get wakes() {
      return wakes;
    },
    set wakes(count) {
      wakes = count;
    },
    get time() {
      return time;
    },
    set time(at) {
      time = at;
    },
    async stranger() {
      const { key } = await createOrganization(parts, first, { name: "Strangers" });
      return callerOf(key);
    },
    async count(table) {
      const sql = `select cast(count(*) as bigint) as count from ${table}`;
      const [row] = await engine.database.read({ sql, params: [], returnsRows: true });
      return Number(row?.["count"]);
    },
    async [Symbol.asyncDispose]() {
      await requestLimits[Symbol.asyncDispose]();
      await keyUses[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The caller with an idempotency key; `render` makes the body of the answer that is kept. */
export function withKey(caller: Caller, key: string, render: (result: unknown) => Json): Caller {
  const request: IdempotencyRequest = { key, route: "POST /v1/things", bodyHash: "00" };
  return { ...caller, idempotency: { ...request, render: (result) => ({ status: 201, body: render(result) }) } };
}

export function chatDefinition(changes: Partial<ChatDefinition> = {}): ChatDefinition {
  return {
    runtime: "chat",
    name: "Helper",
    model: "test/model",
    systemPrompt: "Help.",
    tools: [],
    parameters: {},
    memory: { enabled: true, maxTurns: 10, summarize: false },
    metadata: {},
    ...changes,
  };
}

export const newestFirst = { limit: 20 };

/** What a rejected call threw, as far as tests look at it. */
export function failure(code: string, param?: string): unknown {
  return expect.objectContaining(param === undefined ? { code } : { code, param });
}

/** Stores a file for a caller without an idempotency key. */
export async function storeFile(...call: Parameters<typeof createFile>): Promise<StoredFile> {
  const file = await createFile(...call);
  if ("kind" in file) throw new Error("a call without a key is never a repetition");
  return file;
}
