import { afterAll, beforeAll, expect, test } from "vitest";
import type { Id } from "../../src/contract/ids.ts";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import { type CodeRuns, startCodeRuns } from "../support/code-runs.ts";
import { joinedText, typesOf } from "../support/read-log.ts";

let runs: CodeRuns;
beforeAll(async () => {
  runs = await startCodeRuns();
});
afterAll(() => runs[Symbol.asyncDispose]());

const endless = `
import os, sys, time
def main(kind="sleep"):
    print("shown")
    sys.stdout.flush()
    if kind == "tree":
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
    if kind == "memory":
        kept = []
        while True: kept.append(bytearray(16 * 1024 * 1024))
    if kind == "output":
        while True: print("x" * 1000)
    time.sleep(600)
`;

function agent(more: { timeoutMs?: number; memoryBytes?: number; onCrash?: "rerun" } = {}): Promise<Id> {
  return runs.agent({ files: { "agent.py": endless }, entryPoint: "agent:main", ...more });
}

const shown = (event: { type: string }) => event.type === "reasoning-delta";

test("a cancelled run ends at once, with its tree, and what was shown stays", async () => {
  const id = await runs.start(await agent(), { input: { kind: "tree" } });
  await runs.test.event(id, shown);
  await runs.test.engine.cancel(id, { by: "test" });
  const log = await runs.test.end(id);
  expect(joinedText(log, "reasoning-delta")).toBe("shown\n");
  expect(typesOf(log).slice(-3)).toEqual(["failure-noted", "process-finished", "execution-cancelled"]);
  expect(log.at(-2)?.body).toMatchObject({ exitCode: 130, reason: "cancelled" });
});

test("a run past its time is ended and says so", async () => {
  const log = await runs.run(await agent({ timeoutMs: 1500 }));
  const message = "The program ran longer than 1.5 s.";
  expect(joinedText(log, "reasoning-delta")).toBe("shown\n");
  expect(log.find(({ type }) => type === "failure-noted")?.body).toEqual({ message });
  expect(log.find(({ type }) => type === "process-finished")?.body).toMatchObject({
    exitCode: 124,
    reason: "timed-out",
  });
  expect(log.at(-1)?.body).toEqual({ error: { code: "program_timeout", message } });
});

test.each([
  ["memory", "out-of-memory", /memory/],
  ["output", "too-much-output", /printed more/],
])("a run over its %s is ended and says so", async (kind, reason, words) => {
  const log = await runs.run(await agent({ memoryBytes: 128 * 1024 * 1024 }), { input: { kind } });
  expect(log.find(({ type }) => type === "process-finished")?.body).toMatchObject({ exitCode: 137, reason });
  expect(log.at(-1)?.body).toMatchObject({ error: { code: "program_limit" } });
  expect(JSON.stringify(log.at(-1)?.body)).toMatch(words);
});

test("a run that had begun when the server died is not run again", async () => {
  const id = await runs.start(await agent());
  await runs.test.event(id, shown);
  await runs.crash();
  const log = await runs.test.end(id);
  expect(log.at(-1)?.body).toMatchObject({ error: { code: "outcome_unknown" } });
  expect(log.filter(({ type, body }) => type === "status-noted" && body.text === "Starting agent")).toHaveLength(1);
});

test("it is run again when its version allows that: clean but for the workspace", async () => {
  const rerun = await runs.agent({
    files: {
      "agent.py": `
import os, time
def main():
    mark = os.environ["CHARM_WORKSPACE_DIR"] + "/mark"
    if os.path.exists(mark): return [sorted(os.listdir("."))]
    open(mark, "w").close()
    open("left-over", "w").close()
    print("begun", flush=True)
    time.sleep(600)
`,
    },
    entryPoint: "agent:main",
    onCrash: "rerun",
  });
  const id = await runs.start(rerun);
  await runs.test.event(id, shown);
  await runs.crash();
  const log = await runs.test.end(id);
  expect(log.at(-1)?.body).toEqual({ output: [["agent.py"]] });
  expect(log.filter(({ type }) => type === "execution-completed")).toHaveLength(1);
});

test("runs of one conversation come one after the other, in the order they were asked for", async () => {
  const conversation = await runs.agent({
    files: {
      "agent.py": `
import os, time
def main(name):
    log = os.environ["CHARM_WORKSPACE_DIR"] + "/log"
    with open(log, "a") as file: file.write(name + " in\\n")
    time.sleep(0.2)
    with open(log, "a") as file: file.write(name + " out\\n")
    return open(log).read().split("\\n")[:-1]
`,
    },
    entryPoint: "agent:main",
  });
  const conversationId = conversation;
  const organizationId = conversation;
  const ids = [];
  for (const name of ["a", "b", "c"]) {
    ids.push(await runs.start(conversation, { input: { name }, conversationId, organizationId, threadId: "t" }));
  }
  const logs = await Promise.all(ids.map((id) => runs.test.end(id)));
  expect(logs.at(-1)?.at(-1)?.body).toEqual({ output: ["a in", "a out", "b in", "b out", "c in", "c out"] });
});

test("a flood of events comes through whole, and the program waits for the log", async () => {
  const flood = await runs.agent({
    files: {
      "agent.py": `
import sys
def main(count):
    line = '__CHARM_EVENT__{"type":"delta","content":"%d,"}\\n'
    for n in range(count): sys.stdout.write(line % n)
    sys.stdout.write('__CHARM_EVENT__{"type":"tick","n":1}\\n' * 3000)
`,
    },
    entryPoint: "agent:main",
  });
  const count = 30_000;
  const log = await runs.run(flood, { input: { count } });
  const text = Array.from({ length: count }, (_, n) => `${n},`).join("");
  expect(joinedText(log)).toBe(text);
  expect(log.filter(({ type }) => type === "program-event-noted")).toHaveLength(3000);
});

test("without a sandbox the run is refused in words", async () => {
  const problem = await createSandbox({ folder: runs.directory, bubblewrapPath: "/nowhere/bwrap" });
  await using bare = await startCodeRuns({ sandbox: problem });
  const id = await bare.agent({ files: { "agent.py": endless }, entryPoint: "agent:main" });
  const log = await bare.run(id);
  expect(log.at(-1)).toMatchObject({ type: "execution-failed", body: { error: { code: "sandbox_unavailable" } } });
  expect(JSON.stringify(log.at(-1))).toContain("bubblewrap");
});
