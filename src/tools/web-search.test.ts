import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutbound } from "../egress/create-outbound.ts";
import type { Outbound } from "../egress/outbound.ts";
import { guardTool } from "./guard-tool.ts";
import type { ToolResult } from "./tool.ts";
import { createWebSearch, type SearchSettings, webSearchProblem } from "./web-search.ts";

let engine: Server;
let url: string;
let answer: { status: number; body: string };
let asked: IncomingMessage[];
let outbound: Outbound & AsyncDisposable;

beforeEach(async () => {
  asked = [];
  engine = createServer((request, response) => {
    asked.push(request);
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
  const address = engine.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  url = `http://127.0.0.1:${address.port}`;
  outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
});

afterEach(async () => {
  await outbound[Symbol.asyncDispose]();
  engine.closeAllConnections();
  await new Promise((resolve) => engine.close(resolve));
});

function search(settings: SearchSettings, input: { query: string; limit?: number }): Promise<ToolResult> {
  const tool = guardTool(createWebSearch({ outbound, settings }), ({ error }) => {
    throw error;
  });
  return tool.call(
    { ...input },
    {
      callId: "tc",
      organizationId: "o",
      agentId: "a",
      executionId: "e",
      conversationId: "c",
      metadata: {},
      session: {},
      signal: new AbortController().signal,
    },
  );
}

describe("web_search", () => {
  it("asks SearXNG, below the path of its base URL", async () => {
    const results = [
      { title: "One", url: "https://one.example/", content: "first", engine: "x" },
      { title: "Script", url: "javascript:alert(1)", content: "" },
      { title: null, url: "https://two.example/" },
      { title: "Three", url: "https://three.example/", content: "y".repeat(2000) },
    ];
    answer = { status: 200, body: JSON.stringify({ query: "q", results }) };
    const { output } = await search({ searxngBaseUrl: `${url}/searx` }, { query: "a&b=c d" });
    expect(asked[0]?.url).toBe("/searx/search?q=a%26b%3Dc+d&format=json");
    expect(output).toEqual({
      query: "a&b=c d",
      results: [
        { title: "One", url: "https://one.example/", snippet: "first" },
        { title: "", url: "https://two.example/", snippet: "" },
        { title: "Three", url: "https://three.example/", snippet: "y".repeat(500) },
      ],
    });
  });

  it("asks Brave with the key and the limit", async () => {
    const results = [1, 2, 3].map((number) => ({
      title: `T${number}`,
      url: `https://${number}.example/`,
      description: "d",
    }));
    answer = { status: 200, body: JSON.stringify({ type: "search", web: { results } }) };
    const { output } = await search({ braveApiKey: "secret", braveBaseUrl: url }, { query: "q", limit: 2 });
    expect(asked[0]?.url).toBe("/res/v1/web/search?q=q&count=2&text_decorations=false");
    expect(asked[0]?.headers["x-subscription-token"]).toBe("secret");
    expect(output).toMatchObject({ results: [{ title: "T1", snippet: "d" }, { title: "T2" }] });
  });

  it("gives an empty list when nothing is found", async () => {
    answer = { status: 200, body: JSON.stringify({ type: "search" }) };
    expect((await search({ braveApiKey: "k", braveBaseUrl: url }, { query: "q" })).output).toEqual({
      query: "q",
      results: [],
    });
  });

  it.each([
    [429, "", /asks for fewer searches/],
    [403, "", /refused the server's access/],
    [500, "oops", /status 500/],
    [200, "<html>", /json format on/],
    [200, '{"hits":[]}', /form that is not known/],
  ])("turns the answer %i %s into a tool error", async (status, body, message) => {
    answer = { status, body };
    const { error } = await search({ searxngBaseUrl: url }, { query: "q" });
    expect(error?.code).toBe("tool_error");
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain(url);
  });

  it("cannot be used without a search engine", async () => {
    expect(webSearchProblem({})).toContain("SEARXNG_BASE_URL");
    expect(webSearchProblem({ braveApiKey: "k" })).toBe(undefined);
    expect((await search({}, { query: "q" })).error?.message).toBe(webSearchProblem({}));
  });
});
