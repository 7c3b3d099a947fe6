import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createAgent, errorOf, execute, readStream } from "../api/native/native-api.ts";
import { type ChatPlatform, startChatPlatform } from "./chat-platform.ts";

let native: ChatPlatform;
beforeAll(async () => {
  native = await startChatPlatform();
});
afterAll(() => native[Symbol.asyncDispose]());

describe("tool calls", () => {
  it("of one answer run side by side and come back in their order", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator", "datetime"] });
    const input = 'call calculator {"expression":"6*7"} call datetime {"operation":"now"}';
    const { toolCalls, output } = await execute(native.api, agent.id, input);
    expect(toolCalls.map(({ name }) => name)).toEqual(["calculator", "datetime"]);
    expect(toolCalls[0]?.result).toMatchObject({ result: 42 });
    expect(output).toContain("The tool said:");
  });

  it("with unknown names, bad arguments or arguments that are no object go back to the model as errors", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator"] });
    native.platform.model.once([
      {
        type: "tool-calls",
        calls: [
          { name: "nobody", arguments: {} },
          { name: "calculator", arguments: { wrong: 1 } },
          { name: "calculator", arguments: "[1, 2" },
        ],
      },
    ]);
    const { toolCalls, status } = await execute(native.api, agent.id, "go");
    expect(status).toBe("completed");
    expect(toolCalls.map(({ result }) => result)).toEqual([null, null, null]);
    for (const call of toolCalls) expect(call).toMatchObject({ error: { code: "tool_error" } });
  });

  it("end the execution when the model never stops asking for them", async () => {
    const agent = await createAgent(native.api, { tools: ["calculator"] });
    native.platform.model.script(() => [{ type: "tool-call", name: "calculator", arguments: { expression: "1" } }]);
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: "go" });
    native.platform.model.script();
    expect(errorOf(answer, 502)).toMatchObject({ code: "tool_error" });
  });

  it("of the client and of the server mix: the pause comes when the server's are done", async () => {
    const agent = await createAgent(native.api, {
      tools: ["calculator", { name: "ask_human", description: "asks", parameters: { type: "object", properties: {} } }],
    });
    const input = 'call calculator {"expression":"1+1"} call ask_human {}';
    const paused = await execute(native.api, agent.id, input);
    expect(paused.status).toBe("requires_action");
    expect(paused.toolCalls.map(({ name, duration }) => [name, duration === null])).toEqual(
      expect.arrayContaining([
        ["calculator", false],
        ["ask_human", true],
      ]),
    );
    const pending = paused.toolCalls.find(({ name }) => name === "ask_human");
    const response = await native.api.open("POST", `/v1/executions/${paused.id}/tool-results`, {
      toolResults: [{ toolCallId: pending?.id, error: "nobody there" }],
      stream: true,
    });
    const frames = await readStream(response);
    const end = frames.find(({ event }) => event.type === "tool_call_end" && event.name === "ask_human")?.event;
    expect(end).toMatchObject({ error: { code: "tool_error", message: "nobody there" } });
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", status: "completed" });
  });
});

describe("an MCP server that comes and goes while an execution waits for its client", () => {
  const askHuman = { name: "ask_human", description: "asks", parameters: { type: "object", properties: {} } };

  it("changes nothing of what the log says", async () => {
    await using mcp = await startMcpServer();
    await using platform = await startChatPlatform({ allowPrivateNetwork: [mcp.host] });
    const tools = [askHuman, { type: "mcp", name: "far", url: mcp.url }];
    const agent = await createAgent(platform.api, { tools });
    mcp.isUp = false;
    const paused = await execute(platform.api, agent.id, "call ask_human {}");
    mcp.isUp = true;
    const toolResults = [{ toolCallId: paused.toolCalls[0]?.id, result: "yes" }];
    const answer = await platform.api.post(`/v1/executions/${paused.id}/tool-results`, { toolResults });
    expect(answer.body).toMatchObject({ status: "completed", toolCalls: [{ name: "ask_human", result: "yes" }] });
    const frames = await readStream(await platform.api.open("GET", `/v1/executions/${paused.id}/stream`));
    const ofTools = frames.map(({ event }) => event.type).filter((type) => type.startsWith("tool_call"));
    expect(ofTools).toEqual(["tool_call_required", "tool_call_end"]);
  });
});

/** A real MCP server with one tool, which can be down. */
async function startMcpServer() {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "test", version: "1" });
    server.registerTool("nothing", { inputSchema: z.object({}) }, () => ({ content: [] }));
    return server;
  });
  const state = { isUp: true };
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const headers = new Headers(request.headers as Record<string, string>);
    const init = { method: request.method, headers, ...(body !== "" && { body }) };
    const given = state.isUp
      ? await handler.fetch(new Request(`http://${request.headers.host}/mcp`, init))
      : new Response(null, { status: 500 });
    response.writeHead(given.status, Object.fromEntries(given.headers)).end(await given.text());
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = `127.0.0.1:${address.port}`;
  return Object.assign(state, {
    host,
    url: `http://${host}/mcp`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  });
}

describe("structured output", () => {
  const outputSchema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
    required: ["city", "people"],
    additionalProperties: false,
  };

  it("that fits is the output, without the fence some models put around it", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: '```json\n{"city":"Bremen","people":570000}\n```' }]);
    const { output } = await execute(native.api, agent.id, "go");
    expect(JSON.parse(output)).toEqual({ city: "Bremen", people: 570000 });
  });

  it("that does not fit is repaired once, and only what fits is shown", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: '{"city":"Bremen"}' }]);
    native.platform.model.once([{ type: "text", text: '{"city":"Bremen","people":1}' }]);
    const response = await native.api.open("POST", `/v1/agents/${agent.id}/execute`, { input: "go", stream: true });
    const frames = await readStream(response);
    const shown = frames.flatMap(({ event }) => (event.type === "text_delta" ? [event.text] : [])).join("");
    expect(JSON.parse(shown)).toEqual({ city: "Bremen", people: 1 });
    expect(frames.at(-1)?.event).toMatchObject({ type: "done", output: shown });
  });

  it("that does not fit after the repair fails the execution", async () => {
    const agent = await createAgent(native.api, { outputSchema });
    native.platform.model.once([{ type: "text", text: "no" }]);
    native.platform.model.once([{ type: "text", text: "still no" }]);
    const answer = await native.api.post(`/v1/agents/${agent.id}/execute`, { input: "go" });
    expect(errorOf(answer, 502).code).toBe("output_invalid");
  });
});
