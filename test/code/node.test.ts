import { afterAll, beforeAll, expect, test } from "vitest";
import { type CodeRuns, startCodeRuns } from "../support/code-runs.ts";
import { joinedText } from "../support/read-log.ts";

let runs: CodeRuns;
beforeAll(async () => {
  runs = await startCodeRuns();
});
afterAll(() => runs[Symbol.asyncDispose]());

const readsInput = `
import { readFileSync } from "node:fs";
const input = JSON.parse(readFileSync(process.env.CHARM_INPUT_FILE, "utf8"));
`;

test("what it prints is the result, without its events, and each line is shown as it comes", async () => {
  const agent = await runs.agent({
    files: {
      "index.mjs": `${readsInput}
        console.log("\\nslug of", input.title);
        console.log('__CHARM_EVENT__{"type":"status","content":"Half way"}');
        console.error("to stderr");
        console.log("done\\n");`,
    },
    adapter: "node",
    entryPoint: "node index.mjs",
  });
  const log = await runs.run(agent, { input: { title: "Ü" } });
  expect(log.at(-1)?.body).toEqual({ output: "slug of Ü\ndone" });
  expect(log.find(({ type }) => type === "output-produced")?.body).toMatchObject({ type: "markdown" });
  expect(joinedText(log, "reasoning-delta").split("\n").toSorted()).toEqual(["", "done", "slug of Ü", "to stderr"]);
  expect(log.some(({ type, body }) => type === "status-noted" && body.text === "Half way")).toBe(true);
});

test("a final event is the result, and deltas are when there is none", async () => {
  const print = (event: unknown) => `console.log('::CHARM_EVENT::${JSON.stringify(event)}');console.log("chatter");`;
  const final = await runs.agent({
    files: { "a.js": print({ type: "final", content: [1] }) },
    adapter: "node",
    entryPoint: "node a.js",
  });
  expect((await runs.run(final)).at(-1)?.body).toEqual({ output: [1] });
  const deltas = await runs.agent({
    files: { "a.js": print({ type: "delta", content: "x" }).repeat(3) },
    adapter: "node",
    entryPoint: "node a.js",
  });
  expect((await runs.run(deltas)).at(-1)?.body).toEqual({ output: "xxx" });
});

test("without an entry point npm start is run, and npm says nothing of its own", async () => {
  const manifest = JSON.stringify({ name: "a", version: "1.0.0", scripts: { start: "node index.js" } });
  const agent = await runs.agent({
    files: { "package.json": manifest, "index.js": "console.log(require('./input.json').x)" },
    adapter: "node",
  });
  const log = await runs.run(agent, { input: { x: "only this" } });
  expect(log.at(-1)?.body).toEqual({ output: "only this" });
});

test("a package without a start script fails when it is prepared", async () => {
  const agent = await runs.agent({ files: { "package.json": "{}" }, adapter: "node" });
  const log = await runs.run(agent);
  expect(log.at(-1)).toMatchObject({ body: { error: { code: "preparation_failed" } } });
  expect(JSON.stringify(log.at(-1))).toContain("npm start");
});

test("another exit code than 0 is a failure", async () => {
  const agent = await runs.agent({ files: { "a.txt": "" }, adapter: "node", entryPoint: "echo partly; exit 7" });
  const log = await runs.run(agent);
  expect(log.at(-1)).toMatchObject({
    type: "execution-failed",
    body: { error: { code: "program_failed", message: "Process exited with code 7" } },
  });
  expect(log.find(({ type }) => type === "process-finished")?.body).toMatchObject({ exitCode: 7 });
});

test("a run that names another adapter than the version is run by it, unless it is the bare default", async () => {
  const agent = await runs.agent({
    files: { "agent.py": "def main(): return 'python'" },
    adapter: "node",
    entryPoint: "echo node",
  });
  expect((await runs.run(agent, { adapter: "python" })).at(-1)?.body).toEqual({ output: "node" });
  const python = await runs.agent({ files: { "agent.py": "def main(): return 'python'" }, entryPoint: "agent:main" });
  expect((await runs.run(python, { adapter: "node" })).at(-1)?.body).toMatchObject({
    error: { message: "Process exited with code 127" },
  });
});
