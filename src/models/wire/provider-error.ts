import { RunyardError } from "../../contract/errors.ts";
import { OutboundError } from "../../egress/outbound.ts";

/** Whose error it is, for the message, and what must never appear in it. */
export interface ProviderIdentity {
  /** The model's id, `provider/model`. */
  modelId: string;
  /** Texts to black out of what the provider says: its key above all. */
  secrets: readonly string[];
}

/** What a provider said went wrong, as far as it said. */
export interface ProviderProblem {
  /** HTTP status, or the one that the error's type stands for when it came inside a 200. */
  status: number;
  /** The provider's own words. */
  message: string | undefined;
  /** The provider's code or type, lower case. */
  code: string;
  retryAfterMs: number | undefined;
}

/**
 * How providers word it that the input does not fit, where their code does not tell. Seen at OpenAI, Azure, vLLM,
 * llama.cpp, Anthropic, Mistral, Groq, Together, xAI, Bedrock and Google, in this order.
 */
const contextLengthWords = new RegExp(
  [
    "maximum context length",
    "maximum model length",
    "exceeds? the (available )?context (size|length|window|limit)",
    "prompt is too long",
    "exceed(s|ed)? (the )?context limit",
    "context[_ ]length[_ ]exceeded",
    "too large for model with",
    "reduce the length of the messages",
    "inputs? tokens \\+ max_new_tokens",
    "maximum prompt length",
    "input is too long",
    "exceeds the maximum number of tokens",
  ].join("|"),
  "i",
);

const retryableStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** The one place where a provider's complaint becomes an error of ours. */
export function providerError(identity: ProviderIdentity, problem: ProviderProblem): RunyardError {
  const { modelId } = identity;
  const { status, code } = problem;
  const said = problem.message === undefined ? "" : `: ${withoutSecrets(problem.message, identity.secrets)}`;
  if (status === 401 || (status === 403 && said === "")) {
    // The provider's words are left out: they tend to quote parts of the key.
    return new RunyardError(
      "model_refused",
      `The provider of ${modelId} refused the API key (${status}). Check the key.`,
    );
  }
  if (status === 403) {
    return new RunyardError(
      "model_refused",
      `The provider of ${modelId} refused access (403). Check the API key and what it may use${said}`,
    );
  }
  if (isContextLength(problem)) {
    return new RunyardError("context_length_exceeded", `The input does not fit the model ${modelId}${said}`);
  }
  if (code === "insufficient_quota") {
    return new RunyardError("model_refused", `The quota of the key for ${modelId} is used up${said}`);
  }
  if (retryableStatuses.has(status) || status >= 500) {
    return new RunyardError("model_unavailable", `The provider of ${modelId} cannot answer now (${status})${said}`, {
      retryAfterMs: problem.retryAfterMs,
    });
  }
  if (status >= 300 && status < 400) {
    return new RunyardError(
      "model_refused",
      `The provider of ${modelId} answered with a redirect (${status}). Check its base URL.`,
    );
  }
  return new RunyardError("model_refused", `The provider of ${modelId} refused the request (${status})${said}`);
}

function isContextLength({ status, code, message }: ProviderProblem): boolean {
  if (status === 413) return true;
  if (status !== 400 && status !== 422) return false;
  if (code === "context_length_exceeded" || code === "exceed_context_size_error") return true;
  return message !== undefined && contextLengthWords.test(message);
}

/** Reads the body of an error answer, whatever its shape: JSON of a provider, of a web framework, or plain text. */
export function readProblem(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: string,
): ProviderProblem {
  const found = describeProblem(parseOrUndefined(body));
  return {
    status,
    message: found.message ?? (/^\s*[<{]/.test(body) || body.trim() === "" ? undefined : body.trim()),
    code: found.code,
    retryAfterMs: retryAfterMs(headers),
  };
}

/** The words and the code of `{error: {message, code, type}}`, `{error: "…"}`, `{message}` and `{detail}`. */
export function describeProblem(value: unknown): { message: string | undefined; code: string; type: string } {
  const outer = asRecord(value);
  const error = asRecord(outer.error);
  const text = [error.message, outer.error, outer.message, outer.detail].find((one) => typeof one === "string");
  const code = error.code ?? outer.code;
  const type = typeof error.type === "string" ? error.type.toLowerCase() : "";
  return {
    message: typeof text === "string" && text !== "" ? text : undefined,
    code: typeof code === "string" || typeof code === "number" ? String(code).toLowerCase() : type,
    type,
  };
}

/**
 * How long the provider asks us to wait. `retry-after-ms` is the finer one of the two where both are sent.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfterMs(headers: Record<string, string | string[] | undefined>): number | undefined {
  const fine = Number.parseFloat(String(headers["retry-after-ms"]));
  if (fine >= 0) return Math.ceil(fine);
  const coarse = headers["retry-after"];
  if (typeof coarse !== "string") return undefined;
  const seconds = Number(coarse);
  if (seconds >= 0) return Math.ceil(seconds * 1000);
  const date = Date.parse(coarse);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Any failure of the exchange itself as an error that `LanguageModel.stream` may throw. */
export function exchangeError(identity: ProviderIdentity, error: unknown, signal: AbortSignal): RunyardError {
  if (signal.aborted) return new RunyardError("cancelled", "The model call was cancelled.", { cause: signal.reason });
  if (error instanceof RunyardError) {
    if (error.code !== "address_refused") return error;
    return new RunyardError("model_refused", `The model ${identity.modelId} cannot be called. ${error.message}`, {
      cause: error,
    });
  }
  const detail = error instanceof OutboundError ? error.message : "the answer could not be read";
  return new RunyardError(
    "model_unavailable",
    `The exchange with the provider of ${identity.modelId} broke: ${detail}.`,
    {
      cause: error,
    },
  );
}

/** A stream that stopped before the answer was whole. */
export function cutAnswer(identity: ProviderIdentity): RunyardError {
  return new RunyardError("model_unavailable", `The answer of ${identity.modelId} broke off before its end.`);
}

/** What a base URL that lacks its path, or a log-in page in between, answers with. */
export function webPage({ modelId }: ProviderIdentity, status: number): RunyardError {
  return new RunyardError(
    "model_refused",
    `The provider of ${modelId} answered with a web page (${status}). Check its base URL.`,
  );
}

const maxMessageLength = 500;
/** Shorter ones are stand-ins for a key that nobody asks for, such as `none`, and parts of many words. */
const minSecretLength = 8;

function withoutSecrets(message: string, secrets: readonly string[]): string {
  let clean = message;
  for (const secret of secrets) if (secret.length >= minSecretLength) clean = clean.replaceAll(secret, "[secret]");
  return clean.length > maxMessageLength ? `${clean.slice(0, maxMessageLength)}…` : clean;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
