export type { AgentQuery, CallOptions } from "./agents.ts";
export type { ConversationQuery } from "./conversations.ts";
export * from "./errors.ts";
export { ExecutionStream, type StreamOptions } from "./execution-stream.ts";
export type { MemoryEntryQuery } from "./memory-stores.ts";
export { Runyard } from "./runyard.ts";
export type { ClientOptions } from "./transport.ts";
export type * from "./types.ts";
