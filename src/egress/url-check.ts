import { RunyardError } from "../contract/errors.ts";
import { checkTarget } from "./address-guard.ts";
import { createAllowList } from "./allow-list.ts";
import { parseTarget } from "./target.ts";

/**
 * Tells at the time a URL is given to us why it could never be called: what can be told without a look-up. The guard
 * looks again at each request.
 *
 * @param allowedHosts as `createOutbound` takes them
 * @returns words for a person; undefined when nothing speaks against the URL
 */
export function createUrlCheck(allowedHosts: readonly string[]): (url: string) => string | undefined {
  const allowList = createAllowList(allowedHosts);
  return (url) => {
    try {
      checkTarget(parseTarget(url), allowList);
      return undefined;
    } catch (error) {
      if (error instanceof RunyardError) return error.message;
      throw error;
    }
  };
}
