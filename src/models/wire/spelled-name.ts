import { createHash } from "node:crypto";

const plainName = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Spells a name or an id with the letters that both wires take, `[a-zA-Z0-9_-]{1,64}`. One that fits stays as it is;
 * another one becomes readable letters and a hash. The spelling depends on the text alone, so that it is the same in
 * every request of a conversation, also when the tool is not on offer any more.
 * @see https://platform.openai.com/docs/api-reference/chat/create (tools.function.name)
 */
export function spellName(name: string): string {
  if (plainName.test(name)) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  return `${name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 53)}_${hash}`;
}
