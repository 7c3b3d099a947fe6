import type { ChatDefinition } from "../../contract/agent.ts";
import type { Id } from "../../contract/ids.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { MemoryEntry } from "../../contract/memory.ts";
import type { Usage } from "../../contract/usage.ts";
import type { LanguageModel } from "../../models/language-model.ts";
import type { AttachedStore } from "../../tools/memory-access.ts";
import type { ResolvedTools, ToolScope } from "../../tools/registry.ts";
import type { ToolDefinition } from "../../contract/tool.ts";

/** The program's input, as it stands in the `execution-queued` event. */
export interface ChatInput {
  /** What the user said. */
  input: string;
  agentId: Id;
  agentVersionId: Id;
  conversationId: Id;
  /** The conversation's session when the execution was accepted, this request's keys included. */
  session: JsonObject;
  memoryStoreIds: Id[];
  metadata: JsonObject;
  /** Opened the conversation, so that no turn stands before it. */
  isFirst: boolean;
  /** Runs on the deterministic built-in model. */
  isTest: boolean;
}

export interface HistoryTurn {
  role: "user" | "assistant";
  content: string;
}

/** What the conversation held when this execution's turn came. */
export interface History {
  /** The newest turns within the limit, oldest first. */
  turns: HistoryTurn[];
  /** What was summed up of the turns before those, and how many turns that covers, counted from the first. */
  summary: { text: string; turns: number } | undefined;
  /** Turns older than `turns` that the summary does not cover yet, oldest first. */
  unsummarized: HistoryTurn[];
}

/** What the chat runtime uses of the rest of the product. */
export interface ChatParts {
  readDefinition(organizationId: Id, agentVersionId: Id): Promise<ChatDefinition>;
  /** Signs the agent's calls to its tool handlers. */
  readToolSecret(organizationId: Id, agentId: Id): Promise<string>;
  resolveModel(name: string): { model: LanguageModel; fellBack: string | undefined };
  /** Nano US dollars; null when the price is not known. */
  costOf(modelId: string, usage: Usage): number | null;
  resolveTools(definitions: readonly ToolDefinition[], scope: ToolScope): Promise<ResolvedTools>;
  readHistory(request: {
    organizationId: Id;
    conversationId: Id;
    /** Only what came before this execution. */
    executionId: Id;
    maxTurns: number;
    withOlder: boolean;
  }): Promise<History>;
  saveSummary(organizationId: Id, conversationId: Id, summary: { text: string; turns: number }): Promise<void>;
  /** The attached stores that still exist. */
  readStores(organizationId: Id, storeIds: readonly Id[]): Promise<AttachedStore[]>;
  searchMemory(organizationId: Id, storeId: Id, query: string, limit: number): Promise<MemoryEntry[]>;
  /** What is wrong with a value under a schema, in words; undefined when it fits. */
  findMismatch(schema: JsonObject, value: Json): string | undefined;
}
