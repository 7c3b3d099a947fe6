import { join } from "node:path";
import type { Settings } from "./config/settings.ts";
import type { Outbound } from "./egress/outbound.ts";
import { keepArtefact } from "./operations/keep-artefact.ts";
import type { OperationParts } from "./operations/parts.ts";
import { openRunEnvironment } from "./operations/program-input.ts";
import { readAgentVersion } from "./operations/read-agent-version.ts";
import type { CodeRuntime } from "./runtimes/code/open-code-runtime.ts";

/** What the runtime of user code is built from. */
export interface CodePlatformParts {
  settings: Settings;
  outbound: Outbound;
  operations: Pick<OperationParts, "database" | "secrets" | "blobFiles" | "now" | "maxFileBytes">;
}

/**
 * Builds the runtime of user code and its sandbox at the first use: trying the sandbox out takes longer than the rest of
 * a start, and many servers never run code.
 */
export class CodePlatform implements AsyncDisposable {
  readonly #parts: CodePlatformParts;
  #opened: Promise<CodeRuntime> | undefined;

  constructor(parts: CodePlatformParts) {
    this.#parts = parts;
  }

  open(): Promise<CodeRuntime> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined; // what was wrong may be put right, and the next execution tries again
      throw error;
    });
    return this.#opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const runtime = await this.#opened?.catch(() => undefined);
    await runtime?.[Symbol.asyncDispose]();
    await runtime?.parts.sandbox[Symbol.asyncDispose]();
  }

  async #open(): Promise<CodeRuntime> {
    const { settings, outbound, operations } = this.#parts;
    const { pythonPath, sandboxUid, ...code } = settings.code;
    const directory = join(settings.dataDir, "code");
    const [{ createSandbox }, { openCodeRuntime }] = await Promise.all([
      import("./sandbox/create-sandbox.ts"),
      import("./runtimes/code/open-code-runtime.ts"),
    ]);
    const sandbox = await createSandbox({ folder: directory, uid: sandboxUid, pythonPath });
    try {
      return await openCodeRuntime({
        sandbox,
        directory,
        settings: code,
        outbound,
        readDefinition: async (organizationId, versionId) => {
          const { definition } = await readAgentVersion(operations, organizationId, versionId);
          if (definition.runtime !== "code") throw new TypeError(`version ${versionId} is no code agent`);
          return definition;
        },
        openBundle: (sha256) => operations.blobFiles.open(sha256),
        openEnvironment: (organizationId, agentId, sealed) =>
          openRunEnvironment(operations.secrets, { organizationId, agentId }, sealed),
        keepFile: (scope, file) => keepArtefact(operations, scope, file),
      });
    } catch (error) {
      await sandbox[Symbol.asyncDispose]();
      throw error;
    }
  }
}
