import { type ErrorCode, RunyardError } from "../../../contract/errors.ts";
import { type Id, type IdKind, readId } from "../../../contract/ids.ts";

const nouns = {
  agent: { code: "agent_not_found", word: "agent" },
  execution: { code: "execution_not_found", word: "execution" },
  conversation: { code: "conversation_not_found", word: "conversation" },
  memoryStore: { code: "memory_store_not_found", word: "memory store" },
  memoryEntry: { code: "memory_entry_not_found", word: "memory entry" },
  apiKey: { code: "key_not_found", word: "key" },
  webhook: { code: "webhook_not_found", word: "webhook" },
  file: { code: "file_not_found", word: "file" },
  job: { code: "job_not_found", word: "job" },
} as const satisfies Partial<Record<IdKind, { code: ErrorCode; word: string }>>;

/**
 * The object that a caller named. A malformed spelling is answered like an unknown id, because ids are opaque to callers.
 *
 * @throws RunyardError the noun's `…_not_found`
 */
export function idOf(kind: keyof typeof nouns, text: string, param?: string): Id {
  const id = readId(kind, text);
  if (id !== undefined) return id;
  const { code, word } = nouns[kind];
  throw new RunyardError(code, `No such ${word}.`, param === undefined ? {} : { param });
}

/** Organizations are spelled as plain UUIDs. @throws RunyardError `organization_not_found` */
export function organizationIdOf(text: string): Id {
  if (uuidPattern.test(text)) return text.toLowerCase();
  throw new RunyardError("organization_not_found", "No such organization.");
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
