import { z } from "zod";
import { RunyardError } from "../contract/errors.ts";
import type { Json, JsonSchema } from "../contract/json.ts";
import { type Outbound, OutboundError, type OutboundRequest } from "../egress/outbound.ts";
import { readText } from "../egress/read-body.ts";
import { maxOutputBytes, parsePlainJson } from "./plain-json.ts";
import { toolFailure, type ToolResult, type ToolWork } from "./tool.ts";

/** Which search engine the operator set, at most one of the two. */
export interface SearchSettings {
  /** Base URL of a SearXNG server with its JSON format switched on. */
  searxngBaseUrl?: string;
  /** Key of the Brave Search API. */
  braveApiKey?: string;
  /** Default `https://api.search.brave.com`. */
  braveBaseUrl?: string;
}

export interface WebSearchOptions {
  outbound: Outbound;
  settings: SearchSettings;
}

const timeoutMs = 15_000;
const maxSnippetLength = 500;

const parameters: JsonSchema = {
  type: "object",
  properties: {
    query: { type: "string", minLength: 1, maxLength: 400 },
    limit: { type: "integer", minimum: 1, maximum: 20, description: "How many results; default 5" },
  },
  required: ["query"],
  additionalProperties: false,
};

/** Why `web_search` cannot be given to an agent on this server; undefined when it can. */
export function webSearchProblem(settings: SearchSettings): string | undefined {
  if (settings.searxngBaseUrl !== undefined || settings.braveApiKey !== undefined) return undefined;
  return (
    "web_search has no search engine on this server. Set SEARXNG_BASE_URL or BRAVE_API_KEY for the server, " +
    "or leave the tool out."
  );
}

/** Asks the search engine of the settings; SearXNG when both are set, as it is the operator's own. */
export function createWebSearch({ outbound, settings }: WebSearchOptions): ToolWork {
  return {
    name: "web_search",
    description: "Searches the web and returns titles, addresses and short extracts of the best results.",
    parameters,
    effect: "safe",
    async run(input, { signal }) {
      const problem = webSearchProblem(settings);
      if (problem !== undefined) return toolFailure(problem);
      const query = String(input["query"]);
      const limit = typeof input["limit"] === "number" ? input["limit"] : 5;
      const engine =
        settings.searxngBaseUrl === undefined ? braveEngine(settings) : searxngEngine(settings.searxngBaseUrl);
      const answer = await ask(outbound, engine.request(query, limit), signal);
      if (answer.problem !== undefined)
        return toolFailure(answer.problem, answer.timedOut ? "tool_timeout" : "tool_error");
      const found = engine.read(answer.value);
      if (found === undefined) return toolFailure("The search engine answered in a form that is not known.");
      return searchResult(query, found.slice(0, limit));
    },
  };
}

interface Found {
  title: string;
  url: string;
  snippet: string;
}

interface Engine {
  request(query: string, limit: number): OutboundRequest;
  read(answer: Json): Found[] | undefined;
}

const searxngAnswer = z.object({
  results: z.array(z.object({ title: z.string().nullish(), url: z.string(), content: z.string().nullish() })),
});

/** @see https://docs.searxng.org/dev/search_api.html */
function searxngEngine(baseUrl: string): Engine {
  return {
    request(query) {
      const url = new URL("search", baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
      url.search = new URLSearchParams({ q: query, format: "json" }).toString();
      return { url: url.href, headers: { accept: "application/json" } };
    },
    read(answer) {
      const parsed = searxngAnswer.safeParse(answer);
      return parsed.data?.results.map(({ title, url, content }) => ({
        title: title ?? "",
        url,
        snippet: content ?? "",
      }));
    },
  };
}

const braveAnswer = z.object({
  web: z
    .object({
      results: z.array(z.object({ title: z.string(), url: z.string(), description: z.string().nullish() })),
    })
    .nullish(),
});

/** @see https://api-dashboard.search.brave.com/app/documentation/web-search/get-started */
function braveEngine({ braveApiKey = "", braveBaseUrl = "https://api.search.brave.com" }: SearchSettings): Engine {
  return {
    request(query, limit) {
      const url = new URL("/res/v1/web/search", braveBaseUrl);
      url.search = new URLSearchParams({ q: query, count: String(limit), text_decorations: "false" }).toString();
      return { url: url.href, headers: { accept: "application/json", "x-subscription-token": braveApiKey } };
    },
    read(answer) {
      const parsed = braveAnswer.safeParse(answer);
      if (!parsed.success) return undefined;
      // Without a hit the section is left out.
      const results = parsed.data.web?.results ?? [];
      return results.map(({ title, url, description }) => ({ title, url, snippet: description ?? "" }));
    },
  };
}

type Answer = { value: Json; problem?: undefined } | { problem: string; timedOut: boolean };

async function ask(outbound: Outbound, request: OutboundRequest, signal: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await outbound.request({
      ...request,
      signal: AbortSignal.any([signal, limit]),
      headersTimeoutMs: timeoutMs,
      bodyTimeoutMs: timeoutMs,
      maxBodyBytes: 4 * maxOutputBytes,
      maxRedirects: 2,
    });
    const text = await readText(response);
    if (response.status !== 200) return { problem: statusProblem(response.status), timedOut: false };
    const value = parsePlainJson(text);
    if (value === undefined) {
      return {
        problem: "The search engine answered with no JSON. A SearXNG server must have its json format on.",
        timedOut: false,
      };
    }
    return { value };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted || (error instanceof OutboundError && error.reason === "timeout")) {
      return { problem: `The search engine did not answer within ${timeoutMs} ms.`, timedOut: true };
    }
    if (error instanceof OutboundError || error instanceof RunyardError) {
      return { problem: `The search engine could not be reached: ${error.message}.`, timedOut: false };
    }
    throw error;
  }
}

function statusProblem(status: number): string {
  if (status === 401 || status === 403) return `The search engine refused the server's access (status ${status}).`;
  if (status === 429) return "The search engine asks for fewer searches. Try again later.";
  return `The search engine answered with status ${status}.`;
}

function searchResult(query: string, found: readonly Found[]): ToolResult {
  const results = found
    .filter(({ url }) => /^https?:\/\//i.test(url))
    .map(({ title, url, snippet }) => ({ title, url, snippet: snippet.slice(0, maxSnippetLength) }));
  return { output: { query, results } };
}
