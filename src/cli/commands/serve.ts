import { resolve } from "node:path";
import type { Command } from "commander";
import { loadSettings } from "../../config/load-settings.ts";
import { allSettings } from "../../config/settings.ts";
import { boundYoungGeneration } from "../bound-young-generation.ts";
import type { Cli } from "../cli.ts";
import { connectionFilePath, rememberServer } from "../connection-file.ts";

/** `runyard serve` */
export function defineServe(command: Command, cli: Cli): void {
  command.option("--config <path>", "settings file (default: runyard.yaml here, when there is one)");
  for (const setting of allSettings) {
    if (setting.flag !== undefined) command.option(`${setting.flag} <value>`, setting.about);
  }
  command
    .addHelpText("after", "\nEvery setting, with its variable and its name in the file: docs/settings.md.")
    .action(async (flags: Record<string, string | undefined>) => {
      boundYoungGeneration();
      const { environment } = cli.terminal;
      const settings = await loadSettings({ env: environment, flags });
      const { createPlatform } = await import("../../platform.ts");
      const stop = Promise.withResolvers<void>();
      const release = [cli.terminal.onSignal("SIGINT", stop.resolve), cli.terminal.onSignal("SIGTERM", stop.resolve)];
      const platform = await createPlatform(settings);
      try {
        const { url, firstKey } = platform;
        if (cli.isJson) cli.print({ url, firstKey }, () => "");
        else cli.note(`Runyard takes work at ${url} (documentation: ${url}/docs). Ctrl-C stops it.`, "bold");
        if (firstKey !== undefined && !cli.isJson)
          cli.note(`The first API key, shown only this once: ${firstKey}`, "yellow");
        const path = connectionFilePath(environment);
        // A key that the operator set stays where the operator keeps it.
        if (rememberServer(path, { url, apiKey: firstKey, dataDir: resolve(settings.dataDir) })) {
          cli.note(`Other runyard commands find it by ${path}.`);
        } else {
          cli.note(
            `Other runyard commands need RUNYARD_URL=${url} and RUNYARD_API_KEY (${path} does not name this server).`,
          );
        }
        await stop.promise;
        cli.note("Finishing what runs, handing back the rest.");
      } finally {
        // From here on a second Ctrl-C ends the process; nothing accepted is lost by that.
        for (const letGo of release) letGo();
        await platform.close();
      }
    });
}
