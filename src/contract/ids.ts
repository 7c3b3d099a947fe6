import { randomFillSync } from "node:crypto";

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
  job: "job",
  request: "req",
} as const;

export type IdKind = keyof typeof idPrefixes;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const spelledLength = 26;
const hexDigits = "0123456789abcdef";
const dash = "-".charCodeAt(0);
/** The value of a digit by its character code; -1 for a character that is none. */
const hexValue = valuesOf(hexDigits);
const spelledValue = valuesOf(alphabet);

function valuesOf(digits: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let value = 0; value < digits.length; value += 1) values[digits.charCodeAt(value)] = value;
  return values;
}

/** Spells an id natively: `exec_` + 26 lower-case base32 digits of the same 128 bits, so that the text sorts by time. */
export function spellId(kind: IdKind, id: Id): string {
  let text = `${idPrefixes[kind]}_`;
  // 128 bits in 26 digits of 5 bits: the first digit carries the top 3 bits.
  let buffer = 0;
  let bits = 2;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code === dash) continue;
    buffer = (buffer << 4) | (hexValue[code] ?? 0);
    bits += 4;
    if (bits >= 5) {
      bits -= 5;
      text += alphabet[buffer >> bits] ?? "";
      buffer &= (1 << bits) - 1;
    }
  }
  return text;
}

/** Reads a native spelling back; `undefined` when the prefix, the length or a digit is wrong. */
export function readId(kind: IdKind, text: string): Id | undefined {
  const prefix = idPrefixes[kind];
  const start = prefix.length + 1;
  if (text.length !== start + spelledLength || !text.startsWith(prefix) || text[start - 1] !== "_") return undefined;
  let id = "";
  let buffer = 0;
  let bits = -2; // the two bits above the 128 are no part of the id and must be zero
  for (let index = start; index < text.length; index += 1) {
    const value = spelledValue[text.charCodeAt(index)] ?? -1;
    if (value < 0 || (index === start && value > 7)) return undefined;
    buffer = (buffer << 5) | value;
    bits += 5;
    while (bits >= 4) {
      bits -= 4;
      id += hexDigits[(buffer >> bits) & 15] ?? "";
      buffer &= (1 << bits) - 1;
      if (id.length === 8 || id.length === 13 || id.length === 18 || id.length === 23) id += "-";
    }
  }
  return uuidPattern.test(id) ? id : undefined;
}

/** Version and variant of RFC 9562. */
const uuidPattern = /^.{14}[1-8].{4}[89ab]/;
