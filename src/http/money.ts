/** Money is whole nano US dollars inside and US dollars on the wires. */
const nanoPerUsd = 1_000_000_000;

/** May be no safe integer: operations refuse what they cannot count. */
export function toNanoUsd(usd: number): number {
  return Math.round(usd * nanoPerUsd);
}

export function toUsd(nanoUsd: number): number {
  return nanoUsd / nanoPerUsd;
}
