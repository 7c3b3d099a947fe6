import { RunyardError } from "../contract/errors.ts";
import { type Id, spellId } from "../contract/ids.ts";

/** Executions of one conversation that may stand in line, the running one not counted. */
const maxWaiting = 8;

/** The serial queue of a conversation, as the engine takes it. `isNew`: nothing else can be in it yet. */
export function conversationQueue(conversationId: Id, isNew: boolean): { key: Id; isNew: boolean; limit: number } {
  return { key: conversationId, isNew, limit: maxWaiting + 1 };
}

export function conversationBusy(conversationId: Id): RunyardError {
  return new RunyardError(
    "conversation_busy",
    `${maxWaiting} executions wait in conversation ${spellId("conversation", conversationId)} already; try again when one has ended.`,
    { retryAfterMs: 1000 },
  );
}
