import { randomFillSync } from "node:crypto";
import { parse, stringify } from "uuid";

/** One UUIDv7 in lower-case text form. Every object has exactly one; each API dialect spells it its own way. */
export type Id = string;

// Random bytes are drawn many at a time: one draw costs more than all the rest of making an id.
const pool = new Uint8Array(4096);
let poolAt = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * Makes a new id. Ids of one process sort in the order they were made: within a millisecond the 12 bits after the time
 * count up from a random start, and when they are used up the time runs ahead.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2 method 1
 */
export function newId(): Id {
  if (poolAt + 10 > pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const bytes = new Uint8Array(16);
  bytes.set(pool.subarray(poolAt, poolAt + 10), 6);
  poolAt += 10;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = (((bytes[6] ?? 0) & 7) << 8) | (bytes[7] ?? 0);
  } else if (sequence === 0xfff) {
    lastMs += 1;
    sequence = 0;
  } else {
    sequence += 1;
  }
  const high = Math.floor(lastMs / 2 ** 16);
  bytes[0] = high >>> 24;
  bytes[1] = high >>> 16;
  bytes[2] = high >>> 8;
  bytes[3] = high;
  const low = lastMs % 2 ** 16;
  bytes[4] = low >>> 8;
  bytes[5] = low;
  bytes[6] = 0x70 | (sequence >>> 8);
  bytes[7] = sequence;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return spellBytes(bytes);
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function spellBytes(bytes: Uint8Array): Id {
  let text = "";
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
    text += hexOf[bytes[index] ?? 0] ?? "";
  }
  return text;
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
