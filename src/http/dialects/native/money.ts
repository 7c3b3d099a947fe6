/** Money is whole nano US dollars inside and dollars on this wire. */
const nanoPerUsd = 1_000_000_000;

export function toNanoUsd(usd: number): number {
  return Math.round(usd * nanoPerUsd);
}

export function toUsd(nanoUsd: number): number {
  return nanoUsd / nanoPerUsd;
}
