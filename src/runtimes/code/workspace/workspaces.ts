import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CodeLifecycle } from "../../../contract/agent.ts";
import type { Id } from "../../../contract/ids.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { folderName } from "./folder-name.ts";

/** Whose files they are. */
export interface WorkspaceKey {
  organizationId: Id;
  agentId: Id;
  userId: string;
  /** Null: runs without a conversation share one. */
  threadId: string | null;
  /** A daemon has one workspace for all threads of a user. */
  lifecycle: CodeLifecycle;
}

/** A folder whose files outlive the run. */
export interface Workspace {
  /** On this machine. */
  source: string;
  /** In the sandbox. */
  target: string;
}

/** So many places are remembered as made; asking the disk costs less than a start anyway. */
const maxKnown = 10_000;

/**
 * The workspaces of all agents: `<directory>/workspaces/<organization>/<agent>/<user>/<thread>`. Only the folder itself is
 * ever mounted, so nobody sees another's.
 */
export class Workspaces {
  readonly #directory: string;
  readonly #sandbox: Pick<Sandbox, "makeWritable">;
  readonly #known = new Set<string>();
  readonly #making = new Map<string, Promise<void>>();

  constructor(directory: string, sandbox: Pick<Sandbox, "makeWritable">) {
    this.#directory = join(directory, "workspaces");
    this.#sandbox = sandbox;
  }

  /** Finds the workspace, or makes an empty one. */
  async open(key: WorkspaceKey): Promise<Workspace> {
    const workspace = this.#placeOf(key);
    if (!this.#known.has(workspace.source)) await this.#make(workspace.source);
    return workspace;
  }

  /** Removes the workspace of a user's daemon. None of its processes is running. */
  async removeShared(key: Omit<WorkspaceKey, "threadId" | "lifecycle">): Promise<void> {
    const { source } = this.#placeOf({ ...key, threadId: null, lifecycle: "daemon" });
    this.#known.delete(source);
    await rm(source, { recursive: true, force: true });
  }

  /** The workspaces that an agent has, of all users and threads, in no special order. */
  async list(organizationId: Id, agentId: Id): Promise<Workspace[]> {
    const agent = this.#agentFolder(organizationId, agentId);
    const found: Workspace[] = [];
    for (const user of await namesIn(agent)) {
      for (const thread of await namesIn(join(agent, user))) {
        found.push({
          source: join(agent, user, thread),
          target: targetOf(user, folderName(agentId), thread),
        });
      }
    }
    return found;
  }

  /** Where notes about all workspaces of an agent are kept; no user has this name. */
  async notes(organizationId: Id, agentId: Id): Promise<string> {
    const folder = join(this.#agentFolder(organizationId, agentId), ".notes");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  #placeOf({ organizationId, agentId, userId, threadId, lifecycle }: WorkspaceKey): Workspace {
    const user = folderName(userId);
    const thread = lifecycle === "daemon" ? "daemon_shared" : folderName(threadId ?? "default_thread");
    return {
      source: join(this.#agentFolder(organizationId, agentId), user, thread),
      target: targetOf(user, folderName(agentId), thread),
    };
  }

  #agentFolder(organizationId: Id, agentId: Id): string {
    return join(this.#directory, folderName(organizationId), folderName(agentId));
  }

  /** Once, however many ask: nothing may run in a folder while it is made writable. */
  async #make(source: string): Promise<void> {
    const begun = this.#making.get(source);
    if (begun !== undefined) return begun;
    const making = (async () => {
      const exists = await stat(source).then(
        () => true,
        () => false,
      );
      if (!exists) {
        // It has its name once it is whole: a server may die before it has given the folder away.
        const draft = join(dirname(source), `.${randomUUID()}`);
        await this.#sandbox.makeWritable(draft);
        await rename(draft, source);
      }
      if (this.#known.size >= maxKnown) this.#known.clear();
      this.#known.add(source);
    })();
    this.#making.set(source, making);
    try {
      await making;
    } finally {
      this.#making.delete(source);
    }
  }
}

function targetOf(user: string, agent: string, thread: string): string {
  return `/workspace/${user}/${agent}/${thread}`;
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
}
