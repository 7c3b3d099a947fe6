import type { Settings } from "../../config/settings.ts";
import { defaultLocalModel } from "../../models/local/catalogue.ts";
import { listModels } from "../../models/local/list-models.ts";
import { absent, type Finding, found } from "./check.ts";

/** Which providers have a key or an address, and which local models are here. */
export async function checkModels(settings: Settings): Promise<Finding[]> {
  const providers = configuredProviders(settings);
  const here = (await listModels({ dataDir: settings.dataDir })).filter(({ path }) => path !== undefined);
  return [
    providers.length > 0
      ? found("model providers", providers.join(", "))
      : absent(
          "model providers",
          "none",
          "Set OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL for real work; docs/settings.md lists more.",
        ),
    here.length > 0
      ? found("local models", here.map(({ name }) => name).join(", "))
      : absent(
          "local models",
          "none",
          `\`runyard models pull\` fetches ${defaultLocalModel}, which is tiny; \`runyard models list\` shows others.`,
        ),
  ];
}

/** Names of the providers and endpoints that agents can use. */
function configuredProviders(settings: Pick<Settings, "providers" | "models">): string[] {
  const named = Object.entries(settings.providers).flatMap(([name, provider]) => {
    const hasKey = "apiKey" in provider && provider.apiKey !== undefined;
    return hasKey || provider.baseUrl !== undefined ? [name] : [];
  });
  return [...named, ...Object.keys(settings.models.endpoints)];
}
