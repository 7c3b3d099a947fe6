import { stripVTControlCharacters } from "node:util";

/** What an installer printed, without the passwords that registries are called with. */
export function redactOutput(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/(?<scheme>[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$<scheme>")
    .replaceAll(
      /(?<name>_authToken|_auth|_password|authorization|token|password)(?<sign>["']?\s*[=:]\s*["']?)(?:(?:basic|bearer)\s+)?\S+/gi,
      "$<name>$<sign>[removed]",
    );
}
