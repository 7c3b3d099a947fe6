import { loadSettings } from "./config/load-settings.ts";
import { createPlatform } from "./platform.ts";

/** The server alone: settings from the environment and `runyard.yaml`, until SIGTERM or SIGINT. */
try {
  const platform = await createPlatform(await loadSettings({ env: process.env }));
  process.stdout.write(`Runyard takes work at ${platform.url} (documentation: ${platform.url}/docs)\n`);
  if (platform.firstKey !== undefined) {
    process.stdout.write(`The first API key, shown only this once: ${platform.firstKey}\n`);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      // A second signal finds no listener and ends the process; nothing accepted is lost by that.
      void platform.close();
    });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
