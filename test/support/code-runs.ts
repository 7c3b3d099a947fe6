import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { CodeDefinition } from "../../src/contract/agent.ts";
import type { StoredEvent } from "../../src/contract/events.ts";
import { type Id, newId } from "../../src/contract/ids.ts";
import type { JsonObject } from "../../src/contract/json.ts";
import { createOutbound, type OutboundOptions } from "../../src/egress/create-outbound.ts";
import type { Program } from "../../src/engine/program.ts";
import { code } from "../../src/runtimes/code/code.ts";
import type { CodeInput, CodeParts, CodeRun, CodeSettings } from "../../src/runtimes/code/code-parts.ts";
import { createDaemons } from "../../src/runtimes/code/daemons/create-daemons.ts";
import { createLauncher } from "../../src/runtimes/code/daemons/create-launcher.ts";
import { type CodeRuntime, openCodeRuntime } from "../../src/runtimes/code/open-code-runtime.ts";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { silentHooks, startTestEngine, type TestEngine } from "./engine.ts";
import { type BundleEntry, makeBundle } from "./make-bundle.ts";

export interface AgentOptions extends Partial<CodeDefinition> {
  /** The files of its bundle, or their entries. */
  files: Record<string, string> | readonly BundleEntry[];
}

export interface RunOptions extends Partial<Omit<CodeRun, "sealedEnvironment">> {
  input?: JsonObject;
  variables?: Record<string, string>;
  conversationId?: Id;
  agentId?: Id;
  organizationId?: Id;
}

/** The code runtime on a real engine and in a real sandbox. */
export interface CodeRuns extends AsyncDisposable {
  readonly test: TestEngine;
  readonly sandbox: Sandbox;
  readonly runtime: CodeRuntime;
  /** The runtime's folder. */
  readonly directory: string;
  /** What was kept as files, by name. */
  readonly kept: Map<string, { content: Buffer; type: string }>;
  /** Makes a version that can be run. @returns its id */
  agent(options: AgentOptions): Promise<Id>;
  start(versionId: Id, options?: RunOptions): Promise<Id>;
  /** The whole log, once the run has ended. */
  run(versionId: Id, options?: RunOptions): Promise<StoredEvent[]>;
  /** What programs threw that was no error of ours; a test may look here when one failed for no reason of its own. */
  readonly faults: readonly unknown[];
  /** As if the process had died: its programs are dead, of its engine nothing more is stored. */
  crash(): Promise<void>;
}

export interface CodeRunsOptions {
  allowedHosts?: readonly string[];
  /** How the names of hosts are resolved. */
  resolveName?: OutboundOptions["resolveName"];
  settings?: Partial<CodeSettings>;
  /** In the place of the real one. */
  sandbox?: Sandbox;
}

export async function startCodeRuns(options: CodeRunsOptions = {}): Promise<CodeRuns> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "runyard-code-"));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const sandbox =
    options.sandbox ?? owned.use(await createSandbox({ folder, searchPath: "/usr/local/bin:/usr/bin:/bin" }));
  const outbound = owned.use(
    createOutbound({ allowedHosts: options.allowedHosts ?? [], resolveName: options.resolveName }),
  );
  const definitions = new Map<Id, CodeDefinition>();
  const bundles = new Map<string, Buffer>();
  const kept = new Map<string, { content: Buffer; type: string }>();
  const directory = join(folder, "code");
  const parts: CodeParts = {
    sandbox,
    directory,
    outbound,
    settings: { environment: {}, packageHosts: [], keepBundles: 10, keepLayers: 10, ...options.settings },
    readDefinition: async (_, versionId) => found(definitions.get(versionId)),
    openBundle: async (sha256) => Readable.from([found(bundles.get(sha256))]),
    openEnvironment: async (_organization, _agent, sealed) => JSON.parse(Buffer.from(sealed, "base64").toString()),
    async keepFile(_, { name, type, content }) {
      const bytes = await buffer(content);
      kept.set(name, { content: bytes, type });
      return { fileId: newId(), sizeBytes: bytes.length };
    },
  };
  let runtime = await openCodeRuntime(parts);
  owned.defer(() => runtime[Symbol.asyncDispose]());
  const newDaemons = (of: CodeRuntime) =>
    createDaemons({
      launcher: createLauncher(of),
      records: { want: async () => undefined, note: () => undefined, currentVersion: async () => newId() },
      findProblem: async () => undefined,
    });
  let daemons = newDaemons(runtime);
  owned.defer(() => daemons[Symbol.asyncDispose]());
  const program: Program = (ctx, input) =>
    code(ctx, input as unknown as CodeInput, runtime, { daemons, jobTimeoutMs: 30_000 });
  const faults: unknown[] = [];
  const hooks = { ...silentHooks, programFailed: (_: unknown, error: unknown) => void faults.push(error) };
  const test = owned.use(await startTestEngine("sqlite", { programs: { code: program }, hooks }));
  const held = owned.move();

  const start = async (agentVersionId: Id, given: RunOptions = {}): Promise<Id> => {
    const { input = {}, variables, conversationId, agentId = agentVersionId, organizationId, ...run } = given;
    const sealedEnvironment =
      variables === undefined ? null : Buffer.from(JSON.stringify(variables)).toString("base64");
    const whole: CodeInput = {
      input,
      agentId,
      agentVersionId,
      conversationId: conversationId ?? null,
      metadata: {},
      run: { files: {}, history: [], state: "", userId: "user", threadId: null, ...run, sealedEnvironment },
    };
    return test.start({
      program: "code",
      input: JSON.parse(JSON.stringify(whole)),
      ...(conversationId === undefined ? {} : { queue: { key: conversationId, isNew: false, limit: 100 } }),
      ...(organizationId === undefined ? {} : { organizationId }),
    });
  };

  return {
    test,
    sandbox,
    directory,
    kept,
    faults,
    get runtime() {
      return runtime;
    },
    async agent({ files, ...definition }) {
      const bundle = await makeBundle(files);
      const sha256 = createHash("sha256").update(bundle).digest("hex");
      bundles.set(sha256, bundle);
      const id = newId();
      definitions.set(id, {
        runtime: "code",
        name: "Agent",
        description: "",
        bundle: { sha256, sizeBytes: bundle.length, contentSha256: sha256 },
        adapter: "python",
        lifecycle: "serverless",
        timeoutMs: 30_000,
        memoryBytes: 512 * 1024 * 1024,
        environmentNames: [],
        onCrash: "fail",
        metadata: {},
        ...definition,
      });
      return id;
    },
    start,
    run: async (versionId, given) => test.end(await start(versionId, given)),
    async crash() {
      await test.crash({ run: false });
      await daemons[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
      runtime = await openCodeRuntime(parts);
      daemons = newDaemons(runtime);
      await test.engine.run();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test has made no such thing");
  return value;
}
