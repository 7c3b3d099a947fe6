import { RunyardError } from "../../../contract/errors.ts";
import type { Id } from "../../../contract/ids.ts";
import type { AliasKind } from "../../../operations/alias.ts";
import type { Caller, Operations } from "../../../operations/operations.ts";
import { readUuid } from "./uuid.ts";

/**
 * Our id of what a client names: its own name of the object, which wins, or the plain UUID that we gave.
 *
 * @returns undefined for text that is neither; a UUID that is returned may still be of nothing
 */
async function findId(
  operations: Pick<Operations, "findByAlias">,
  caller: Caller,
  kind: AliasKind,
  text: string,
): Promise<Id | undefined> {
  const known = await operations.findByAlias(caller, kind, text);
  if (known !== undefined) return known;
  return readUuid(text);
}

/** @throws RunyardError the kind's `…_not_found` */
export async function requireId(
  operations: Pick<Operations, "findByAlias">,
  caller: Caller,
  kind: AliasKind,
  text: string,
): Promise<Id> {
  const id = await findId(operations, caller, kind, text);
  if (id !== undefined) return id;
  const { code, noun } = nouns[kind];
  throw new RunyardError(code, `There is no ${noun} ${text}.`);
}

const nouns = {
  agent: { code: "agent_not_found", noun: "agent" },
  execution: { code: "execution_not_found", noun: "run" },
  conversation: { code: "conversation_not_found", noun: "thread" },
} as const satisfies Record<AliasKind, object>;
