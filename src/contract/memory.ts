import type { Metadata } from "./agent.ts";
import type { Id } from "./ids.ts";

/** Persistent knowledge across conversations. */
export interface MemoryStore {
  id: Id;
  organizationId: Id;
  name: string;
  description: string;
  agentWritable: boolean;
  entryCount: number;
  metadata: Metadata;
  createdAt: number;
  updatedAt: number;
}

export interface MemoryEntry {
  id: Id;
  storeId: Id;
  /** Unique in the store when present. */
  key: string | null;
  content: string;
  metadata: Metadata;
  sourceExecutionId: Id | undefined;
  /** Higher is better; only in answers to a search. */
  score: number | undefined;
  createdAt: number;
  updatedAt: number;
}
