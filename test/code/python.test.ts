import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../src/contract/events.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { type CodeRuns, startCodeRuns } from "../support/code-runs.ts";
import { joinedText, typesOf } from "../support/read-log.ts";

let runs: CodeRuns;
beforeAll(async () => {
  runs = await startCodeRuns();
});
afterAll(() => runs[Symbol.asyncDispose]());

const agentCode = `
import os, sys, time

def named(name, n=2, *, mark="!", **rest): return [name, n, mark, rest]
def whole(inputs): return inputs
def callbacks(callbacks, x): return [callbacks, x]
def positional(a, /, b): return [a, b]
async def coroutine(x): return x
class Invoked:
    def invoke(self, inputs): return "invoked " + inputs["x"]
    def run(self): raise AssertionError
class Made:
    def __init__(self, inputs): self.inputs = inputs
    def run(self, x): return [self.inputs["x"], x]
class Called:
    def __call__(self, x): return "called " + x
class Space:
    class deep:
        def method(x): return "deep " + x
class Holder:
    def bound(self, x): return "bound " + x
bound = Holder().bound
thing = 5
def nothing(): return None
def number(): return 5
def chart(): return {"_charm_render_type": "bar_chart", "data": []}
def strange(): return {"set": {1}, "nan": float("nan"), "bytes": b"x", 5: "five"}
def envelope(**fields): return fields
def missing(absent): pass
def raises(): raise ValueError("kaboom")
def mistyped(): return 1 + "1"
def leaves(): sys.exit(3)
def ends(): os._exit(0)
def dies(): os.kill(os.getpid(), 9)
def leaves_well(): exit()
def prints(): print("a", end=""); print("b", flush=True); print("err", file=sys.stderr)
def deltas():
    for text in ("one ", "two"): print('__CHARM_EVENT__{"type":"delta","content":"%s"}' % text)
    os._exit(0)
def twice():
    print('__CHARM_EVENT__{"type":"final","content":"early"}')
    return "late"
def thread():
    import threading
    threading.Thread(target=lambda: (time.sleep(0.05), print("from the thread"))).start()
    return "main"
class Message:
    def __init__(self, content): self.content = content
class Chain:
    def invoke(self, inputs): return Message("said " + inputs["input"])
class Wrapped:
    chain = Chain()
class Graph:
    def invoke(self, inputs, config): return {"messages": inputs["messages"] + [Message(config["configurable"]["thread_id"])]}
class Waiting(Graph):
    def get_state(self, config): return type("State", (), {"next": ("review",)})
class App:
    def __init__(self): self.app = Graph()
class Uncompiled:
    def compile(self): return Graph()
class Result:
    raw = "the crew's word"
class Crew:
    def kickoff(self, inputs): return Result() if "__charm_state__" not in inputs else "state"
class CrewBase:
    def crew(self): return Crew()
`;

async function call(
  entry: string,
  input: JsonObject = {},
  more: { adapter?: string; threadId?: string; state?: string; history?: Json[] } = {},
): Promise<{ log: StoredEvent[]; end: StoredEvent | undefined }> {
  const { adapter = "python", ...run } = more;
  const agent = await runs.agent({ files: { "agent.py": agentCode }, entryPoint: `agent:${entry}`, adapter });
  const log = await runs.run(agent, { input, ...run });
  return { log, end: log.at(-1) };
}

test("a run's log tells in order how it came about", async () => {
  const agent = await runs.agent({
    files: {
      "pack/__init__.py": "",
      "pack/agent.py": "from . import other\ndef main(name):\n    print('hi', name)\n    return other.of(name)\n",
      "pack/other.py": "def of(name): return {'hello': name}\n",
    },
    entryPoint: "pack.agent:main",
  });
  const log = await runs.run(agent, { input: { name: "é" } });
  expect(typesOf(log)).toEqual([
    "execution-queued",
    "attempt-started",
    "status-noted",
    "step-finished",
    "status-noted",
    "reasoning-delta",
    "output-produced",
    "process-finished",
    "execution-completed",
  ]);
  expect(log.flatMap((event) => (event.type === "status-noted" ? [event.body.text] : []))).toEqual([
    "Preparing sandbox",
    "Starting agent",
  ]);
  expect(joinedText(log, "reasoning-delta")).toBe("hi é\n");
  expect(log.at(-3)?.body).toEqual({ key: "final", type: "json", value: { hello: "é" } });
  expect(log.at(-2)?.body).toMatchObject({ exitCode: 0, reason: "exited" });
  expect(log.at(-1)?.body).toEqual({ output: { hello: "é" } });
  expect(runs.faults).toEqual([]);
});

describe("an entry point", () => {
  test.each<[string, JsonObject, Json]>([
    ["named", { name: "a", more: 1 }, ["a", 2, "!", { more: 1 }]],
    ["named", { name: "a", n: 3, mark: "?" }, ["a", 3, "?", {}]],
    ["whole", { a: null, b: [1, { c: "ü" }] }, { a: null, b: [1, { c: "ü" }] }],
    ["callbacks", { x: 1 }, [[], 1]],
    ["positional", { a: 1, b: 2 }, [1, 2]],
    ["coroutine", { x: "awaited" }, "awaited"],
    ["Invoked", { x: "1" }, "invoked 1"],
    ["Made", { x: 1 }, [1, 1]],
    ["Called", { x: "1" }, "called 1"],
    ["Space.deep.method", { x: "1" }, "deep 1"],
    ["bound", { x: "1" }, "bound 1"],
    ["nothing", {}, null],
    ["number", {}, 5],
    ["chart", {}, { _charm_render_type: "bar_chart", data: [] }],
    ["strange", {}, { set: [1], nan: null, bytes: "x", "5": "five" }],
    ["envelope", { status: "success", output: 7 }, 7],
    ["thread", {}, "main"],
    ["twice", {}, "late"],
    ["deltas", {}, "one two"],
    ["leaves_well", {}, null],
    ["ends", {}, null],
  ])("%s called with %j gives %j", async (entry, input, output) => {
    const { end, log } = await call(entry, input);
    expect(end).toMatchObject({ type: "execution-completed", body: { output } });
    expect(log.filter(({ type }) => type === "output-produced")).toHaveLength(1);
  });

  test.each<[string, JsonObject, string, number]>([
    ["missing", {}, "Function signature mismatch for 'missing': missing a required argument: 'absent'", 0],
    ["raises", {}, "Agent Execution Failed: kaboom", 0],
    ["envelope", { status: "error", message: "no luck" }, "no luck", 0],
    ["envelope", { status: "weird" }, "Unknown error", 0],
    ["thing", {}, "The entry point is a int; expected a function, or an object with invoke or run.", 0],
    ["absent", {}, "The module 'agent' has no 'absent'.", 1],
    ["dies", {}, "Process was ended by SIGKILL", 137],
  ])("%s called with %j fails with %j", async (entry, input, message, exitCode) => {
    const { log } = await call(entry, input);
    expect(log.filter(({ type }) => type === "failure-noted").map(({ body }) => body)).toEqual([{ message }]);
    expect(log.filter(({ type }) => type !== "step-finished").at(-2)).toMatchObject({
      type: "process-finished",
      body: { exitCode },
    });
    expect(log.at(-1)).toMatchObject({
      type: "execution-failed",
      body: { error: { code: "program_failed", message } },
    });
    expect(log.some(({ type }) => type === "output-produced")).toBe(false);
  });

  test("that raises a TypeError of its own fails as a mismatch, too", async () => {
    const { end } = await call("mistyped");
    expect(JSON.stringify(end?.body)).toContain("Function signature mismatch for 'mistyped': unsupported operand");
  });

  test("that exits with a code fails and says what it said last", async () => {
    const { end } = await call("leaves");
    expect(end?.body).toEqual({ error: { code: "program_failed", message: "Process exited with code 3" } });
  });

  test("that cannot be imported says why", async () => {
    const agent = await runs.agent({ files: { "agent.py": "import nowhere_to_be_found" }, entryPoint: "agent:main" });
    const log = await runs.run(agent);
    expect(log.at(-1)?.body).toMatchObject({
      error: { message: "Could not load 'agent:main': ModuleNotFoundError: No module named 'nowhere_to_be_found'" },
    });
    expect(joinedText(log, "reasoning-delta")).toContain("import nowhere_to_be_found");
  });
});

test("what is printed comes as reasoning, from both outputs, lines whole", async () => {
  const { log } = await call("prints");
  expect(joinedText(log, "reasoning-delta").split("\n").toSorted()).toEqual(["", "ab", "err"]);
});

test("a state is saved before the result, and a suspension says what it waits for", async () => {
  const { log, end } = await call("envelope", {
    status: "suspended",
    thread_id: "t",
    next_step: ["x"],
    output: "wait",
    charm_state: "eyJ9",
  });
  expect(log.slice(-5).map(({ type, body }) => [type, body])).toMatchObject([
    ["state-saved", { state: "eyJ9" }],
    ["suspension-noted", { threadId: "t", nextStep: ["x"] }],
    ["output-produced", { type: "markdown", value: "wait" }],
    ["process-finished", {}],
    ["execution-completed", {}],
  ]);
  expect(end?.body).toEqual({ output: { status: "suspended", threadId: "t", nextStep: ["x"], output: "wait" } });
  const without = await call("envelope", { status: "suspended" });
  expect(without.log.map(({ type }) => type)).not.toContain("output-produced");
});

test("thread, state and history stand in the input", async () => {
  const history = [{ role: "user", content: "hi" }];
  const { end } = await call("whole", { a: 1, history: "mine" }, { threadId: "t", state: "eyJ9", history });
  expect(end?.body).toEqual({
    output: { a: 1, history, __charm_history__: history, __charm_thread_id__: "t", __charm_state__: "eyJ9" },
  });
});

test.each<[string, string, JsonObject, Json]>([
  ["langchain", "Chain", { input: "x" }, "said x"],
  ["langchain", "Wrapped", { input: "x" }, "said x"],
  ["langgraph", "Graph", { input: "x" }, "default_thread"],
  ["langgraph", "App", { messages: [] }, "default_thread"],
  ["langgraph", "Uncompiled", { messages: "x", thread_id: "t" }, "t"],
  ["crewai", "Crew", {}, "the crew's word"],
  ["crewai", "CrewBase", { __charm_state__: "x" }, "the crew's word"],
])("the adapter %s calls %s with %j and gives %j", async (adapter, entry, input, output) => {
  const { end } = await call(entry, input, { adapter });
  expect(end?.body).toEqual({ output });
});

test("a graph that stops for a person is suspended", async () => {
  const { end } = await call("Waiting", { input: "x" }, { adapter: "langgraph", threadId: "t" });
  expect(end?.body).toEqual({ output: { status: "suspended", threadId: "t", nextStep: ["review"], output: "t" } });
});

test.each(["openclaw", "hermes", "my_plugin"])("the adapter %s fails, naming it and what works", async (adapter) => {
  const { end } = await call("whole", {}, { adapter });
  expect(end).toMatchObject({ type: "execution-failed", body: { error: { code: "preparation_failed" } } });
  expect(JSON.stringify(end?.body)).toMatch(new RegExp(`${adapter}.*python, custom, langchain`));
});

test("a version without bundle, or without entry point, fails in words", async () => {
  const none = await runs.agent({ files: {}, bundle: undefined });
  expect((await runs.run(none)).at(-1)).toMatchObject({ body: { error: { code: "bundle_missing" } } });
  const unnamed = await runs.agent({ files: { "a.py": "" } });
  expect((await runs.run(unnamed)).at(-1)).toMatchObject({ body: { error: { code: "preparation_failed" } } });
});
