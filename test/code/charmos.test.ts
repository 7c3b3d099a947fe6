import { afterAll, beforeAll, expect, test } from "vitest";
import { type CodeRuns, startCodeRuns } from "../support/code-runs.ts";
import { type PackageRegistry, startPackageRegistry } from "../support/package-registry.ts";
import { joinedText } from "../support/read-log.ts";
import { testSetting } from "../support/test-environment.ts";

let registry: PackageRegistry;
let runs: CodeRuns;
beforeAll(async () => {
  registry = await startPackageRegistry({ wheelFolder: testSetting("RUNYARD_TEST_WHEELS") });
  runs = await startCodeRuns({ settings: { pythonIndexUrl: registry.pythonIndexUrl } });
});
afterAll(async () => {
  await runs[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

const manifest = (entryPoint: string) => `
version: "0.4.2"
persona: { name: Probe, version: 1.0.0, description: Probes }
interface: { input: { type: object }, output: { type: object } }
runtime: { adapter: { type: custom, entry_point: "${entryPoint}" }, lifecycle: serverless }
`;

test("an agent that imports charm is run by its own package, whose chatter is not shown", async () => {
  const files = {
    "charm.yaml": manifest("agent:main"),
    "agent.py": `
import charm, os
def main(inputs):
    print("printed by the agent")
    return {"t": inputs["t"], "key": os.environ["A_KEY"], "long": "x" * 200, "markup": "[/b] [red]"}
`,
  };
  const agent = await runs.agent({ files, adapter: "custom", entryPoint: "agent:main", timeoutMs: 60_000 });
  const log = await runs.run(agent, { input: { t: "y".repeat(200_000) }, variables: { A_KEY: "a value" } });
  expect(log.at(-1)?.body).toEqual({
    output: { t: "y".repeat(200_000), key: "[A_KEY_REDACTED]", long: "x".repeat(200), markup: "[/b] [red]" },
  });
  expect(joinedText(log, "reasoning-delta")).toBe("printed by the agent\n");
  const statuses = log.flatMap((event) => (event.type === "status-noted" ? [event.body.text] : []));
  expect(statuses.slice(-1)).toEqual(["Initializing Agent Runtime..."]);
  expect(statuses.some((text) => text.startsWith("Installing"))).toBe(true);
  expect(log.filter(({ type }) => type === "output-produced")).toHaveLength(1);
}, 240_000);

test("its failures are failures here", async () => {
  const files = {
    "charm.yaml": manifest("agent:main"),
    "agent.py": "import charm\ndef main(inputs): raise ValueError('kaboom')\n",
  };
  const agent = await runs.agent({ files, adapter: "custom", entryPoint: "agent:main", timeoutMs: 60_000 });
  const log = await runs.run(agent, { input: {} });
  expect(log.at(-1)?.body).toEqual({
    error: { code: "program_failed", message: "Agent Execution Failed: kaboom" },
  });
}, 240_000);

test("a manifest it cannot load says so in the failure", async () => {
  const files = { "charm.yaml": manifest("agent:absent"), "agent.py": "import charm\n" };
  const agent = await runs.agent({ files, adapter: "custom", entryPoint: "agent:absent", timeoutMs: 60_000 });
  const end = (await runs.run(agent, { input: {} })).at(-1);
  expect(end?.type).toBe("execution-failed");
  expect(JSON.stringify(end?.body)).toMatch(/exited with code 1.*Error/);
}, 240_000);
