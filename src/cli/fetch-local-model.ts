import type { Settings } from "../config/settings.ts";
import { createOutbound } from "../egress/create-outbound.ts";
import { pullModel } from "../models/local/pull-model.ts";
import { showProgress } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Makes sure that a local model is in the data directory, and shows how far that has come.
 * @returns the path of its file
 * @throws RunyardError `model_unavailable` that says what to do
 */
export async function fetchLocalModel(
  terminal: Terminal,
  settings: Settings,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  // The operator's mirror of the hub may stand in a private network.
  const hub = new URL(settings.models.hubUrl);
  const hubHost = `${hub.hostname}:${hub.port || (hub.protocol === "https:" ? "443" : "80")}`;
  await using outbound = createOutbound({ allowedHosts: [...settings.allowPrivateNetwork, hubHost] });
  const progress = showProgress(terminal);
  try {
    return await pullModel(name, {
      dataDir: settings.dataDir,
      outbound,
      hubUrl: settings.models.hubUrl,
      signal,
      onProgress: ({ phase, bytesDone, bytesTotal }) => progress.update(`${name}: ${phase}`, bytesDone, bytesTotal),
    });
  } finally {
    progress.finish();
  }
}
