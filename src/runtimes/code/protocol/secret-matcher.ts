/** A place in a text where a secret stands; `secret` is the number of the longest one there. */
export interface SecretMatch {
  /** Counted from the first character ever read. */
  start: number;
  /** The first character after it. */
  end: number;
  secret: number;
}

/**
 * Finds many texts in one pass (Aho and Corasick's automaton), whatever the texts and however the input is cut: the time is
 * linear in the input, also for secrets and inputs made to be slow. The tree lies in flat arrays, a child list per node.
 * @see https://doi.org/10.1145/360825.360855
 */
export class SecretMatcher {
  /** Character of the edge that leads to a node. */
  readonly #character: Uint16Array;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  /** The node of the longest proper suffix that is in the tree. */
  readonly #suffix: Int32Array;
  /** Number of the longest secret that ends at a node, -1 for none. */
  readonly #ends: Int32Array;
  readonly #depth: Int32Array;
  readonly #fromRoot = new Map<number, number>();
  readonly #lengths: readonly number[];

  /** @param secrets not empty each; may contain each other */
  constructor(secrets: readonly string[]) {
    const size = 1 + secrets.reduce((sum, secret) => sum + secret.length, 0);
    this.#character = new Uint16Array(size);
    this.#firstChild = new Int32Array(size);
    this.#nextSibling = new Int32Array(size);
    this.#suffix = new Int32Array(size);
    this.#ends = new Int32Array(size).fill(-1);
    this.#depth = new Int32Array(size);
    this.#lengths = secrets.map(({ length }) => length);
    let nodes = 1;
    for (const [index, secret] of secrets.entries()) {
      let node = 0;
      for (let at = 0; at < secret.length; at += 1) {
        const character = secret.charCodeAt(at);
        let child = this.#child(node, character);
        if (child === 0) {
          child = nodes;
          nodes += 1;
          this.#character[child] = character;
          this.#depth[child] = at + 1;
          this.#nextSibling[child] = this.#firstChild[node] ?? 0;
          this.#firstChild[node] = child;
          if (node === 0) this.#fromRoot.set(character, child);
        }
        node = child;
      }
      if (this.#ends[node] === -1) this.#ends[node] = index;
    }
    this.#linkSuffixes(nodes);
  }

  /**
   * Reads on from a state.
   * @param state what the last call gave, 0 at the beginning
   * @param offset the place of the text's first character in all that was read
   * @param found called in order of `end`
   */
  read(state: number, text: string, offset: number, found: (match: SecretMatch) => void): number {
    let node = state;
    for (let at = 0; at < text.length; at += 1) {
      node = this.#step(node, text.charCodeAt(at));
      const secret = this.#ends[node] ?? -1;
      if (secret >= 0) {
        const end = offset + at + 1;
        found({ start: end - (this.#lengths[secret] ?? 0), end, secret });
      }
    }
    return node;
  }

  /** How many characters at the end of what was read could be the beginning of a secret. */
  openLength(state: number): number {
    let node = state;
    // A secret that goes on nowhere is whole; only what it ends with may begin another.
    while (node !== 0 && this.#firstChild[node] === 0) node = this.#suffix[node] ?? 0;
    return this.#depth[node] ?? 0;
  }

  lengthOf(secret: number): number {
    return this.#lengths[secret] ?? 0;
  }

  #step(from: number, character: number): number {
    let node = from;
    for (;;) {
      const child = node === 0 ? (this.#fromRoot.get(character) ?? 0) : this.#child(node, character);
      if (child !== 0 || node === 0) return child;
      node = this.#suffix[node] ?? 0;
    }
  }

  #child(node: number, character: number): number {
    if (node === 0) return this.#fromRoot.get(character) ?? 0;
    let child = this.#firstChild[node] ?? 0;
    while (child !== 0 && this.#character[child] !== character) child = this.#nextSibling[child] ?? 0;
    return child;
  }

  #linkSuffixes(nodes: number): void {
    const queue = new Int32Array(nodes);
    let filled = 1;
    for (let taken = 0; taken < filled; taken += 1) {
      const node = queue[taken] ?? 0;
      for (let child = this.#firstChild[node] ?? 0; child !== 0; child = this.#nextSibling[child] ?? 0) {
        if (node !== 0) this.#suffix[child] = this.#step(this.#suffix[node] ?? 0, this.#character[child] ?? 0);
        // Who ends here ends longer than whoever ends at the suffix.
        if (this.#ends[child] === -1) this.#ends[child] = this.#ends[this.#suffix[child] ?? 0] ?? -1;
        queue[filled] = child;
        filled += 1;
      }
    }
  }
}
