import type { Engine } from "../engine/engine.ts";
import type { BlobFiles } from "../store/blob-files.ts";
import type { Database } from "../store/database.ts";
import type { Secrets } from "../store/secrets.ts";
import type { Plan } from "../contract/organization.ts";
import type { AgentDefinition } from "../contract/agent.ts";
import type { KeyUses } from "./key-uses.ts";
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
  /** Why a URL may not be called; undefined when it may. Only what can be told without a look-up. */
  checkUrl: (url: string) => string | undefined;
  /** What one execution may cost at the most, in nano USD, to be reserved against a credit limit. */
  estimateCost: (definition: AgentDefinition, inputLength: number) => number;
  /** Called after a commit that may have put something into the outbox. */
  wakeRelay: () => void;
  requestLimits: RequestLimits;
  keyUses: KeyUses;
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
