import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/run-command-line.ts";
import { listenOnLoopback } from "../client/loopback-server.ts";
import { fakeTerminal, type FakeTerminal } from "./fake-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "runyard-command-line-"));
afterAll(() => rmSync(folder, { recursive: true }));

const agentId = "agt_01kaz9w0000000000000000000";

function terminalFor(url: string, options: { isTTY?: boolean } = {}): FakeTerminal {
  return fakeTerminal({ RUNYARD_URL: url, RUNYARD_API_KEY: "k", XDG_CONFIG_HOME: folder, NO_COLOR: "1" }, options);
}

async function run(terminal: FakeTerminal, ...args: string[]): Promise<number> {
  return runCommandLine(args, "1.2.3", terminal);
}

function answerError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status)
    .end(JSON.stringify({ error: { type: "t", code, message: `It is ${code}.`, requestId: "req_1" } }));
}

/** Frames of one execution, numbered from `first`. */
function frames(events: object[], first = 1): string {
  return events.map((event, index) => `id: ${first + index}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

const start = { type: "execution_start", executionId: "exec_1", agentId, conversationId: "conv_1", createdAt: "" };
const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 };
const timing = { totalMs: 7, firstTokenMs: 1, toolCallMs: 2 };
const done = {
  type: "done",
  executionId: "exec_1",
  conversationId: "conv_1",
  status: "completed",
  output: "",
  usage,
  timing,
};

function stream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { "Content-Type": "text/event-stream", "X-Execution-Id": "exec_1" });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

test("each kind of failure has its exit code and says what to do", async () => {
  let status = 0;
  await using server = await listenOnLoopback((_request, response) => answerError(response, status, "a_code"));
  for (const [answered, code, hint] of [
    [400, 1, ""],
    [401, 4, "RUNYARD_API_KEY"],
    [403, 4, "with that scope"],
    [404, 3, ""],
    [409, 1, ""],
    [500, 1, ""],
  ] as const) {
    status = answered;
    const terminal = terminalFor(server.url);
    expect(await run(terminal, "agents", "show", agentId)).toBe(code);
    expect(terminal.errors()).toContain("error: It is a_code.");
    expect(terminal.errors()).toContain("req_1");
    expect(terminal.errors()).toContain(hint);
    expect(terminal.output()).toBe("");
  }
});

test("a server that is not there is exit code 5, wrong usage is 2, help and version are 0", async () => {
  const gone = await listenOnLoopback(() => undefined);
  await gone[Symbol.asyncDispose]();
  const terminal = terminalFor(gone.url);
  expect(await run(terminal, "agents", "list")).toBe(5);
  expect(terminal.errors()).toContain("runyard serve");
  expect(await run(terminalFor(gone.url), "agents", "lst")).toBe(2);
  expect(await run(terminalFor(gone.url), "agents", "create", "--name", "a")).toBe(2);
  expect(await run(terminalFor(gone.url), "--url", "nonsense", "agents", "list")).toBe(2);
  const misspelt = terminalFor(gone.url);
  expect(await run(misspelt, "models", "list", "--config", "/not/there.yaml")).toBe(2);
  expect(misspelt.errors()).toContain("/not/there.yaml");
  expect(await run(terminalFor(gone.url), "execute", "--help")).toBe(0);
  const version = terminalFor(gone.url);
  expect(await run(version, "--version")).toBe(0);
  expect(version.output()).toBe("1.2.3\n");
});

test("with --json the result is JSON on stdout and an error is JSON on stderr", async () => {
  await using server = await listenOnLoopback((request, response) => {
    if (request.url?.startsWith("/v1/keys") === true) response.end('{"data":[],"hasMore":false}');
    else answerError(response, 404, "agent_not_found");
  });
  const keys = terminalFor(server.url);
  expect(await run(keys, "keys", "list", "--json")).toBe(0);
  expect(JSON.parse(keys.output())).toEqual({ data: [], hasMore: false });
  const missing = terminalFor(server.url);
  expect(await run(missing, "--json", "agents", "show", agentId)).toBe(3);
  expect(JSON.parse(missing.errors())).toMatchObject({ error: { code: "agent_not_found", requestId: "req_1" } });
});

test("an execution's text goes to stdout, everything else to stderr", async () => {
  let asked: unknown;
  await using server = await listenOnLoopback(async (request, response) => {
    asked = await bodyOf(request);
    stream(response).end(
      frames([
        start,
        { type: "text_delta", text: "Let me see. " },
        { type: "tool_call_start", id: "tc_1", name: "calculator", parameters: { expression: "1+1" } },
        { type: "tool_call_end", id: "tc_1", name: "calculator", result: 2, duration: 3 },
        { type: "something_newer", text: "?" },
        { type: "text_delta", text: "It is 2." },
        done,
      ]),
    );
  });
  const terminal = terminalFor(server.url);
  const args = [
    "execute",
    agentId,
    "1+1?",
    "-c",
    "conv_1",
    "--session",
    "user=Ada",
    "--metadata",
    "n=1",
    "--memory-store",
    "mem_1",
  ];
  expect(await run(terminal, ...args)).toBe(0);
  expect(terminal.output()).toBe("Let me see. It is 2.\n");
  expect(terminal.errors()).toBe(
    'exec_1 in conv_1\n→ calculator {"expression":"1+1"}\n← calculator 2 (3 ms)\ncompleted: 5 tokens (3 in, 2 out), 7 ms\n',
  );
  expect(asked).toEqual({
    input: "1+1?",
    conversationId: "conv_1",
    memory: { session: { user: "Ada" } },
    metadata: { n: 1 },
    memoryStores: ["mem_1"],
    stream: true,
  });
});

test("with --json each event of an execution is one line with its number", async () => {
  await using server = await listenOnLoopback((_request, response) => {
    stream(response).end(frames([start, { type: "text_delta", text: "hi" }, done]));
  });
  const terminal = terminalFor(server.url);
  expect(await run(terminal, "execute", agentId, "hello", "--json")).toBe(0);
  const lines = terminal
    .output()
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toEqual([
    { id: 1, ...start },
    { id: 2, type: "text_delta", text: "hi" },
    { id: 3, ...done },
  ]);
});

test("a failed execution is exit code 1 with the way to look at it", async () => {
  await using server = await listenOnLoopback((_request, response) => {
    const error = {
      type: "error",
      message: "No model.",
      code: "model_unavailable",
      errorType: "upstream_error",
      executionId: "exec_1",
    };
    stream(response).end(frames([start, error]));
  });
  const terminal = terminalFor(server.url);
  expect(await run(terminal, "execute", agentId, "hello")).toBe(1);
  expect(terminal.errors()).toContain("The execution failed (model_unavailable): No model.");
  expect(terminal.errors()).toContain("runyard executions show exec_1");
});

test("Ctrl-C cancels the execution once, waits for its end and exits with 130", async () => {
  let cancels = 0;
  let open: ServerResponse | undefined;
  const shown = Promise.withResolvers<void>();
  await using server = await listenOnLoopback((request, response) => {
    if (request.url === "/v1/executions/exec_1/cancel") {
      cancels += 1;
      response.end(JSON.stringify({ id: "exec_1", status: "cancelled", output: "par", usage }));
      open?.end(frames([{ ...done, status: "cancelled" }], 3));
      return;
    }
    open = stream(response);
    response.write(frames([start, { type: "text_delta", text: "par" }]));
  });
  const terminal = terminalFor(server.url);
  terminal.stdout.once("pipe", () => undefined);
  const write = terminal.stdout.write.bind(terminal.stdout);
  terminal.stdout.write = (chunk: string) => {
    shown.resolve();
    return write(chunk);
  };
  const exit = run(terminal, "execute", agentId, "hello");
  await shown.promise;
  terminal.send("SIGINT");
  expect(await exit).toBe(130);
  expect(cancels).toBe(1);
  expect(terminal.output()).toBe("par\n");
  expect(terminal.errors()).toContain("It was cancelled");
});

test("Ctrl-C before the execution's id is known cancels as soon as it is; a second one leaves at once", async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  const cancelled = Promise.withResolvers<void>();
  await using server = await listenOnLoopback((request, response) => {
    if (request.url?.endsWith("/cancel") === true) cancelled.resolve(); // and never answers
    else asked.resolve(response);
  });
  const terminal = terminalFor(server.url);
  const exit = run(terminal, "execute", agentId, "hello");
  const response = await asked.promise;
  terminal.send("SIGINT");
  stream(response).write(frames([start]));
  await cancelled.promise;
  terminal.send("SIGINT");
  expect(await exit).toBe(130);
  expect(terminal.errors()).toContain("It may still run");
});

test("client-side tools are answered by --tool-result, and the stream goes on", async () => {
  let answered: unknown;
  await using server = await listenOnLoopback(async (request, response) => {
    if (request.url === "/v1/executions/exec_1/tool-results") {
      answered = await bodyOf(request);
      stream(response).end(frames([{ type: "text_delta", text: "It is green." }, done], 4));
      return;
    }
    const required = { type: "tool_call_required", id: "tc_1", name: "pick_colour", parameters: { of: "door" } };
    stream(response).end(frames([start, required, { ...done, status: "requires_action" }]));
  });
  const terminal = terminalFor(server.url);
  expect(await run(terminal, "execute", agentId, "paint", "--tool-result", 'pick_colour={"name":"green"}')).toBe(0);
  expect(answered).toEqual({ toolResults: [{ toolCallId: "tc_1", result: { name: "green" } }], stream: true });
  expect(terminal.output()).toBe("It is green.\n");

  const without = terminalFor(server.url);
  expect(await run(without, "execute", agentId, "paint")).toBe(1);
  expect(without.errors()).toContain("--tool-result 'pick_colour=JSON'");
});

test("a person at a terminal is asked for the result of a client-side tool", async () => {
  let answered: unknown;
  await using server = await listenOnLoopback(async (request, response) => {
    if (request.url === "/v1/executions/exec_1/tool-results") {
      answered = await bodyOf(request);
      stream(response).end(frames([done], 4));
      return;
    }
    const required = { type: "tool_call_required", id: "tc_1", name: "pick_colour", parameters: {} };
    stream(response).end(frames([start, required, { ...done, status: "requires_action" }]));
  });
  const terminal = terminalFor(server.url, { isTTY: true });
  terminal.stdin.push("dark green\n");
  expect(await run(terminal, "execute", agentId, "paint")).toBe(0);
  expect(answered).toMatchObject({ toolResults: [{ toolCallId: "tc_1", result: "dark green" }] });
  expect(terminal.errors()).toContain("Result of pick_colour (JSON or text): ");
});

test("an agent is found by its exact name; none is exit code 3, two are exit code 2", async () => {
  const page = {
    hasMore: false,
    data: [
      { id: "agt_1", name: "sums" },
      { id: "agt_2", name: "sums too" },
    ],
  };
  const twins = {
    hasMore: false,
    data: [
      { id: "agt_3", name: "twin" },
      { id: "agt_4", name: "twin" },
    ],
  };
  const deleted: string[] = [];
  await using server = await listenOnLoopback((request, response) => {
    if (request.method === "DELETE") {
      deleted.push(request.url ?? "");
      return void response.end('{"id":"agt_1","deleted":true}');
    }
    response.end(JSON.stringify(request.url?.includes("name=twin") === true ? twins : page));
  });
  expect(await run(terminalFor(server.url), "agents", "delete", "sums")).toBe(0);
  expect(deleted).toEqual(["/v1/agents/agt_1"]);
  expect(await run(terminalFor(server.url), "agents", "delete", "sum")).toBe(3);
  const twice = terminalFor(server.url);
  expect(await run(twice, "agents", "delete", "twin")).toBe(2);
  expect(twice.errors()).toContain("agt_3, agt_4");
});

test("lists say how to get their next page, on stderr", async () => {
  await using server = await listenOnLoopback((_request, response) => {
    response.end(
      '{"data":[{"id":"conv_2","agentId":"agt_1","turnCount":2,"tokenCount":9,"lastActiveAt":"now"}],"hasMore":true,"nextCursor":"conv_2"}',
    );
  });
  const terminal = terminalFor(server.url);
  expect(await run(terminal, "conversations", "list", "--limit", "1")).toBe(0);
  expect(terminal.output()).toBe("ID      AGENT  TURNS  TOKENS  LAST ACTIVE\nconv_2  agt_1  2      9       now\n");
  expect(terminal.errors()).toBe("There are more: --after conv_2\n");
});

test("with --json wrong usage is said in JSON as well", async () => {
  for (const args of [
    ["nope"],
    ["agents"],
    ["agents", "list", "--limit", "0"],
    ["execute"],
    ["agents", "list", "--no"],
  ]) {
    const terminal = terminalFor("http://127.0.0.1:1");
    expect(await run(terminal, ...args, "--json"), args.join(" ")).toBe(2);
    expect(JSON.parse(terminal.errors())).toEqual({ error: { message: expect.any(String), hint: expect.any(String) } });
  }
});

test("what is not a file is not uploaded, and what is not an id not asked for", async () => {
  for (const [path, words] of [
    [join(folder, "missing"), "cannot be read"],
    [folder, "is not a file"],
  ] as const) {
    const terminal = terminalFor("http://127.0.0.1:1");
    expect(await run(terminal, "files", "upload", path)).toBe(2);
    expect(terminal.errors()).toContain(words);
  }
  for (const id of ["", ".."]) {
    const terminal = terminalFor("http://127.0.0.1:1");
    expect(await run(terminal, "executions", "show", id)).toBe(1);
    expect(terminal.errors()).toContain("is not an id");
  }
});
