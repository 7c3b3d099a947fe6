// The real server as a process that kills itself at a named point of the engine or the store. Settings come from its
// environment, as for the real one; it prints a line of JSON with its URL once it takes work.
//   node test/support/drill-server.ts [--crash-at NAME[:NTH]] [--record-points FILE]
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadSettings } from "../../src/config/load-settings.ts";
import { createPlatform } from "../../src/platform.ts";

const { values } = parseArgs({
  options: {
    /** SIGKILL when this point is passed for the NTH time, the first when not said. */
    "crash-at": { type: "string" },
    /** The name of each point is appended here, one a line, when it is first passed. */
    "record-points": { type: "string" },
  },
});
const { "crash-at": crashAt, "record-points": file } = values;
const [crashName, nth = "1"] = crashAt?.split(":") ?? [];
const passed = new Map<string, number>();

function crashPoint(name: string): void {
  const count = (passed.get(name) ?? 0) + 1;
  passed.set(name, count);
  if (file !== undefined && count === 1) appendFileSync(file, `${name}\n`);
  if (name === crashName && count === Number(nth)) process.kill(process.pid, "SIGKILL");
}

const settings = await loadSettings({ env: process.env });
const platform = await createPlatform(settings, { crashPoint });
process.stdout.write(`${JSON.stringify({ url: platform.url })}\n`);
process.once("SIGTERM", () => void platform.close().then(() => process.exit(0)));
