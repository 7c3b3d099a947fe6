import type { Settings } from "../../src/config/settings.ts";
import { createOutbound } from "../../src/egress/create-outbound.ts";
import { createModels } from "../../src/models/registry.ts";

/**
 * The model of the example agent: the one that the server takes where none is named. That is the operator's default, else
 * one of the first provider that is set up, else the small one on this machine.
 */
export async function chooseModel(settings: Pick<Settings, "models" | "providers" | "dataDir">): Promise<string> {
  await using outbound = createOutbound();
  await using models = createModels({
    outbound,
    dataDir: settings.dataDir,
    defaultModel: settings.models.default,
    aliases: settings.models.aliases,
    endpoints: settings.models.endpoints,
    providers: settings.providers,
  });
  return models.defaultModel;
}
