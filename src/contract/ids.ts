import { parse, stringify, v7 } from "uuid";

/** One UUIDv7 in lower-case text form. Every object has exactly one; each API dialect spells it its own way. */
export type Id = string;

/** Makes a new id. Ids of one process sort in the order they were made. */
export function newId(): Id {
  return v7();
}

/** The prefixes of the native spelling, one per noun. */
export const idPrefixes = {
  agent: "agt",
  agentVersion: "agv",
  execution: "exec",
  conversation: "conv",
  toolCall: "tc",
  memoryStore: "mem",
  memoryEntry: "ment",
  apiKey: "key",
  webhook: "wh",
  webhookEvent: "evt",
  file: "file",
  request: "req",
} as const;

export type IdKind = keyof typeof idPrefixes;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const digitOf = new Map([...alphabet].map((character, value) => [character, BigInt(value)]));
const spelledLength = 26;

/** Spells an id natively: `exec_` + 26 lower-case base32 digits of the same 128 bits, so that the text sorts by time. */
export function spellId(kind: IdKind, id: Id): string {
  const bytes = parse(id);
  // 128 bits in 26 digits of 5 bits: the first digit carries the top 3 bits.
  let text = "";
  let buffer = 0;
  let bits = 2;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return `${idPrefixes[kind]}_${text}`;
}

/** Reads a native spelling back; `undefined` when the prefix, the length or a digit is wrong. */
export function readId(kind: IdKind, text: string): Id | undefined {
  const prefix = `${idPrefixes[kind]}_`;
  if (!text.startsWith(prefix) || text.length !== prefix.length + spelledLength) return undefined;
  let value = 0n;
  for (const character of text.slice(prefix.length)) {
    const digit = digitOf.get(character);
    if (digit === undefined) return undefined;
    value = (value << 5n) | digit;
  }
  if (value >> 128n !== 0n) return undefined;
  const bytes = new Uint8Array(16);
  for (let index = 15; index >= 0; index -= 1) {
    bytes[index] = Number(value & 255n);
    value >>= 8n;
  }
  try {
    return stringify(bytes);
  } catch {
    return undefined; // 128 bits that are no UUID
  }
}
