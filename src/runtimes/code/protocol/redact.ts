import type { Json } from "../../../contract/json.ts";
import { type SecretMatch, SecretMatcher } from "./secret-matcher.ts";

/** Takes secrets out of what a program says. */
export interface Redactor {
  /** Every secret in the text replaced by its name. */
  text(text: string): string;
  /**
   * Every secret in every string of a value, keys too.
   * @throws RangeError for a value that is nested deeper than 200 levels
   */
  value(value: Json): Json;
  /** For text that comes in pieces. */
  stream(): RedactedStream;
}

/** Holds back the end of a text as long as a secret could begin there. */
export interface RedactedStream {
  /** @returns what can be shown now; may be empty */
  push(piece: string): string;
  /** @returns what was held back */
  end(): string;
}

/** A value of so many characters or fewer says too little, and stands in too many places, to be taken out. */
const shortest = 6;
const deepest = 200;

/**
 * A secret is a value of more than 5 characters; `[NAME_REDACTED]` takes its place, also where it stands as JSON writes it
 * in a string (with or without `\u` for what is not ASCII). Where secrets overlap, all of it goes and the longest names it.
 */
export function createRedactor(variables: Readonly<Record<string, string>>): Redactor {
  const named = new Map<string, string>();
  for (const [name, value] of Object.entries(variables)) {
    if (value.length < shortest) continue;
    for (const spelling of spellings(value)) if (!named.has(spelling)) named.set(spelling, `[${name}_REDACTED]`);
  }
  if (named.size === 0) return untouched;
  const matcher = new SecretMatcher([...named.keys()]);
  const labels = [...named.values()];
  const text = (given: string): string => {
    if (given.length < shortest) return given;
    const stream = new SecretStream(matcher, labels);
    const shown = stream.push(given);
    return shown + stream.end();
  };
  return { text, value: (value) => redactValue(value, text, 0), stream: () => new SecretStream(matcher, labels) };
}

const untouched: Redactor = {
  text: (text) => text,
  value: (value) => redactValue(value, (text) => text, 0),
  stream: () => ({ push: (piece) => piece, end: () => "" }),
};

function spellings(value: string): Set<string> {
  const escaped = JSON.stringify(value).slice(1, -1);
  const ascii = escaped.replaceAll(/[\u0080-\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return new Set([value, escaped, ascii]);
}

function redactValue(value: Json, text: (text: string) => string, depth: number): Json {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === deepest) throw new RangeError(`a value is nested deeper than ${deepest} levels`);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, text, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [text(key), redactValue(item, text, depth + 1)]),
  );
}

class SecretStream implements RedactedStream {
  readonly #matcher: SecretMatcher;
  readonly #labels: readonly string[];
  #state = 0;
  /** How many characters have been read. */
  #read = 0;
  /** Read, but neither shown nor known to be secret. */
  #held = "";
  /** The place of the first one held. */
  #heldFrom = 0;
  /** Apart from each other, in order; what overlaps is one. */
  #covered: SecretMatch[] = [];

  constructor(matcher: SecretMatcher, labels: readonly string[]) {
    this.#matcher = matcher;
    this.#labels = labels;
  }

  push(piece: string): string {
    const offset = this.#read;
    this.#held += piece;
    this.#read += piece.length;
    this.#state = this.#matcher.read(this.#state, piece, offset, (match) => this.#cover(match));
    return this.#show(this.#read - this.#matcher.openLength(this.#state));
  }

  end(): string {
    return this.#show(this.#read);
  }

  #cover(match: SecretMatch): void {
    const joined = { ...match };
    for (let last = this.#covered.at(-1); last !== undefined && last.end > joined.start; last = this.#covered.at(-1)) {
      this.#covered.pop();
      joined.start = Math.min(joined.start, last.start);
      if (this.#matcher.lengthOf(last.secret) > this.#matcher.lengthOf(joined.secret)) joined.secret = last.secret;
    }
    this.#covered.push(joined);
  }

  /** @param open no secret that is still to be found begins before it */
  #show(open: number): string {
    let shown = "";
    let done = 0;
    for (const { start, end, secret } of this.#covered) {
      if (end > open) break;
      shown += this.#take(start) + (this.#labels[secret] ?? "");
      this.#drop(end);
      done += 1;
    }
    this.#covered = this.#covered.slice(done);
    const next = this.#covered[0];
    shown += this.#take(Math.min(open, next?.start ?? open));
    // A row of overlapping secrets may go on for ever; its text is not needed any more.
    if (next !== undefined && next.start <= this.#heldFrom) this.#drop(next.end);
    return shown;
  }

  #take(until: number): string {
    const count = Math.max(0, until - this.#heldFrom);
    const taken = this.#held.slice(0, count);
    this.#drop(until);
    return taken;
  }

  #drop(until: number): void {
    const count = until - this.#heldFrom;
    if (count <= 0) return;
    this.#held = this.#held.slice(count);
    this.#heldFrom = until;
  }
}
