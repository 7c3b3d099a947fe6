import { RunyardError } from "../../contract/errors.ts";
import { defaultLocalModel } from "./catalogue.ts";

/** The next step for whoever has no model that answers. */
export const waysToGetAModel =
  `Three ways to get a model: (1) a local one, with \`runyard models pull ${defaultLocalModel}\` (needs Python with pip ` +
  "and a network once); (2) Ollama on this or another machine, with OLLAMA_BASE_URL set to its address; (3) a provider, " +
  "with OPENAI_API_KEY or ANTHROPIC_API_KEY set.";

/** `model_unavailable` that ends with the three ways; not retryable unless said, since waiting brings no model. */
export function noModel(message: string, options: { cause?: unknown; retryable?: boolean } = {}): RunyardError {
  return new RunyardError("model_unavailable", `${message} ${waysToGetAModel}`, { retryable: false, ...options });
}
