import { bundleServer } from "../../scripts/bundle/bundle-server.ts";
import { isFresh } from "../../scripts/bundle/is-fresh.ts";

/** Apart from `dist`, so that measuring does not disturb what someone has built there. Git ignores it. */
const folder = ".runyard-test/bench-build";

/**
 * Builds the server as `npm run build` does, unless nothing has changed since the last time.
 * @returns the file that starts it
 */
export async function buildServer(): Promise<string> {
  const main = `${folder}/main.js`;
  if (!isFresh(main)) await bundleServer(folder);
  return main;
}
