import { type IdKind, idPrefixes, readId } from "../../../contract/ids.ts";

const kindOf = new Map(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind] as const));
const spelledId = new RegExp(String.raw`\b(${[...kindOf.keys()].join("|")})_[0-9a-z]{26}\b`, "g");

/** A text of an operation with the ids in it as this dialect spells them: as plain UUIDs. */
export function withPlainIds(text: string): string {
  return text.replaceAll(spelledId, (whole, prefix: string) => {
    for (const [known, kind] of kindOf) if (known === prefix) return readId(kind, whole) ?? whole;
    return whole;
  });
}
