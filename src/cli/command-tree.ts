import type { Command } from "commander";
import type { Cli } from "./cli.ts";

/** A command of the first level. Its file is read only when it is asked for, so that every command starts quickly. */
export interface CommandEntry {
  name: string;
  summary: string;
  /** Adds arguments, options, subcommands and what to do. */
  load(): Promise<(command: Command, cli: Cli) => void>;
}

export const commandEntries: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "start a server in this terminal",
    load: async () => (await import("./commands/serve.ts")).defineServe,
  },
  {
    name: "execute",
    summary: "execute an agent and show its answer as it comes",
    load: async () => (await import("./commands/execute.ts")).defineExecute,
  },
  {
    name: "agents",
    summary: "make, read, change and delete agents",
    load: async () => (await import("./commands/agents.ts")).defineAgents,
  },
  {
    name: "executions",
    summary: "read, watch, cancel and restart executions",
    load: async () => (await import("./commands/executions.ts")).defineExecutions,
  },
  {
    name: "conversations",
    summary: "read and delete conversations",
    load: async () => (await import("./commands/conversations.ts")).defineConversations,
  },
  {
    name: "files",
    summary: "upload, download and delete files",
    load: async () => (await import("./commands/files.ts")).defineFiles,
  },
  {
    name: "webhooks",
    summary: "manage where events are sent",
    load: async () => (await import("./commands/webhooks.ts")).defineWebhooks,
  },
  {
    name: "keys",
    summary: "make, list and revoke API keys",
    load: async () => (await import("./commands/keys.ts")).defineKeys,
  },
  {
    name: "organizations",
    summary: "manage tenants (needs the server's first key)",
    load: async () => (await import("./commands/organizations.ts")).defineOrganizations,
  },
  {
    name: "usage",
    summary: "show executions, tokens and cost",
    load: async () => (await import("./commands/usage.ts")).defineUsage,
  },
  {
    name: "models",
    summary: "fetch, list and remove models that run on this machine",
    load: async () => (await import("./commands/models.ts")).defineModels,
  },
  {
    name: "migrate",
    summary: "bring the database to this version's tables",
    load: async () => (await import("./commands/migrate.ts")).defineMigrate,
  },
  {
    name: "doctor",
    summary: "say what is there, what is missing and how to get it",
    load: async () => (await import("./commands/doctor.ts")).defineDoctor,
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).defineCompletion,
  },
];
