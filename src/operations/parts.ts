import type { Readable } from "node:stream";
import type { Engine } from "../engine/engine.ts";
import type { BlobFiles } from "../store/blob-files.ts";
import type { Database } from "../store/database.ts";
import type { Secrets } from "../store/secrets.ts";
import type { Plan } from "../contract/organization.ts";
import type { AgentDefinition } from "../contract/agent.ts";
import type { DaemonKey, DaemonState } from "../contract/daemon.ts";
import type { FileLinks } from "./file-links.ts";
import type { KeyUses } from "./key-uses.ts";
import type { BundleFacts } from "./operations.ts";
import type { RequestLimits } from "./request-limits.ts";

/** What operations are built from. Each names with `Pick` what it uses. */
export interface OperationParts {
  database: Database;
  engine: Engine;
  secrets: Secrets;
  blobFiles: BlobFiles;
  now: () => number;
  plans: Record<Plan, PlanLimits>;
  /** Of organizations that are made without one. */
  defaultPlan: Plan;
  maxFileBytes: number;
  /** Problems of a definition that only the runtimes know (tools, models, addresses); empty when it can run. */
  checkDefinition: (definition: AgentDefinition) => DefinitionProblem[];
  /** Reads a bundle through by the rules of unpacking. @throws `bundle_invalid` */
  inspectBundle: (content: Readable, wanted: readonly string[]) => Promise<BundleFacts>;
  /** Why a URL may not be called; undefined when it may. Only what can be told without a look-up. */
  checkUrl: (url: string) => string | undefined;
  /** What one execution may cost at the most, in nano USD, to be reserved against a credit limit. */
  estimateCost: (definition: AgentDefinition, inputLength: number) => number;
  /** Called after a commit that may have put something into the outbox. */
  wakeRelay: () => void;
  /** Called after a commit that has given a job a new time. */
  wakeJobs: () => void;
  daemons: DaemonSupervision;
  billing: BillingParts;
  /** Removes installed dependencies that are not kept. Absent: this process installs none. @returns how many went */
  removeOldLayers?: () => Promise<number>;
  requestLimits: RequestLimits;
  keyUses: KeyUses;
  fileLinks: FileLinks;
}

/** The supervisor of the code runtime, as far as operations steer it. See `Daemons` there. */
export interface DaemonSupervision {
  /** Why daemons cannot run on this machine; undefined when they can. */
  findProblem(): Promise<string | undefined>;
  /** Resolves when the process is up. */
  start(key: DaemonKey): Promise<void>;
  /** Resolves when the process is dead. */
  stop(key: DaemonKey): Promise<void>;
  restart(key: DaemonKey): Promise<void>;
  /** Removes the volume of a daemon that is down. */
  terminate(key: DaemonKey): Promise<void>;
  /** Undefined: this process has not had it. */
  stateOf(key: DaemonKey): DaemonState | undefined;
}

export interface BillingParts {
  /** What signs the payment provider's events. Undefined: none are taken. */
  webhookSecret: string | undefined;
  /** What every organization may spend in a week without paying in. Undefined: nothing is given. */
  weeklyCreditNanoUsd: number | undefined;
}

export interface DefinitionProblem {
  param: string;
  message: string;
}

/** Null: no limit. */
export interface PlanLimits {
  requestsPerMinute: number | null;
  requestsPerDay: number | null;
  executionsPerMonth: number | null;
  /** Conversations idle for longer are deleted. */
  retentionDays: number | null;
}
