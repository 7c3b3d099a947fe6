import { randomFillSync } from "node:crypto";

/** One UUIDv7 in lower-case text form. Every object has exactly one; each API dialect spells it its own way. */
export type Id = string;

// Random bytes are drawn many at a time: one draw costs more than all the rest of making an id.
const pool = new Uint8Array(4096);
let poolAt = pool.length;
let lastMs = 0;
let sequence = 0;
/** Where texts are put together: a string that grows by each digit costs several times as much, in memory above all. */
const scratch = Buffer.alloc(40);
const idLength = 36;
const dash = "-".charCodeAt(0);
const dashes = [8, 13, 18, 23] as const;
const hexDigits = Buffer.from("0123456789abcdef");

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
  const start = next16() & 0x7ff;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = start;
  } else if (sequence === 0xfff) {
    lastMs += 1;
    sequence = 0;
  } else {
    sequence += 1;
  }
  const high = Math.floor(lastMs / 2 ** 16);
  writeHex(0, high >>> 16);
  writeHex(4, high & 0xffff);
  writeHex(9, lastMs % 2 ** 16);
  writeHex(14, 0x7000 | sequence);
  writeHex(19, 0x8000 | (next16() & 0x3fff));
  writeHex(24, next16());
  writeHex(28, next16());
  writeHex(32, next16());
  for (const index of dashes) scratch[index] = dash;
  return scratch.toString("latin1", 0, idLength);
}

function next16(): number {
  const value = ((pool[poolAt] ?? 0) << 8) | (pool[poolAt + 1] ?? 0);
  poolAt += 2;
  return value;
}

/** Writes four digits. */
function writeHex(index: number, value: number): void {
  scratch[index] = hexDigits[value >>> 12] ?? 0;
  scratch[index + 1] = hexDigits[(value >>> 8) & 15] ?? 0;
  scratch[index + 2] = hexDigits[(value >>> 4) & 15] ?? 0;
  scratch[index + 3] = hexDigits[value & 15] ?? 0;
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

const alphabet = Buffer.from("0123456789abcdefghjkmnpqrstvwxyz");
const spelledLength = 26;
/** The value of a digit by its character code; -1 for a character that is none. */
const hexValue = valuesOf(hexDigits);
const spelledValue = valuesOf(alphabet);

function valuesOf(digits: Uint8Array): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const [value, code] of digits.entries()) values[code] = value;
  return values;
}

/** Spells an id natively: `exec_` + 26 lower-case base32 digits of the same 128 bits, so that the text sorts by time. */
export function spellId(kind: IdKind, id: Id): string {
  // 128 bits in 26 digits of 5 bits: the first digit carries the top 3 bits.
  let length = 0;
  let buffer = 0;
  let bits = 2;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code === dash) continue;
    buffer = (buffer << 4) | (hexValue[code] ?? 0);
    bits += 4;
    if (bits >= 5) {
      bits -= 5;
      scratch[length] = alphabet[buffer >> bits] ?? 0;
      length += 1;
      buffer &= (1 << bits) - 1;
    }
  }
  return `${idPrefixes[kind]}_${scratch.toString("latin1", 0, length)}`;
}

/** Reads a native spelling back; `undefined` when the prefix, the length or a digit is wrong. */
export function readId(kind: IdKind, text: string): Id | undefined {
  const prefix = idPrefixes[kind];
  const start = prefix.length + 1;
  if (text.length !== start + spelledLength || !text.startsWith(prefix) || text[start - 1] !== "_") return undefined;
  let length = 0;
  let buffer = 0;
  let bits = -2; // the two bits above the 128 are no part of the id and must be zero
  for (let index = start; index < text.length; index += 1) {
    const value = spelledValue[text.charCodeAt(index)] ?? -1;
    if (value < 0 || (index === start && value > 7)) return undefined;
    buffer = (buffer << 5) | value;
    bits += 5;
    while (bits >= 4) {
      bits -= 4;
      if (length === 8 || length === 13 || length === 18 || length === 23) length += 1;
      scratch[length] = hexDigits[(buffer >> bits) & 15] ?? 0;
      length += 1;
      buffer &= (1 << bits) - 1;
    }
  }
  for (const index of dashes) scratch[index] = dash;
  const id = scratch.toString("latin1", 0, length);
  return uuidPattern.test(id) ? id : undefined;
}

/** Version and variant of RFC 9562. */
const uuidPattern = /^.{14}[1-8].{4}[89ab]/;
