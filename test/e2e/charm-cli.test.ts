import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPlatform, type TestPlatform } from "../support/platform.ts";
import { testSetting } from "../support/test-environment.ts";

/** The vendor's own command line, as its users install it, against a running server. */

const examples = fileURLToPath(new URL("../../examples/charm/", import.meta.url));
const run = promisify(execFile);

let platform: TestPlatform;
let home: string;
beforeAll(async () => {
  platform = await startPlatform();
  home = await mkdtemp(join(tmpdir(), "runyard-charm-"));
  await charm(["config", "set", "core.api_base", `${platform.url}/charm/api`]);
  await charm(["auth", "manual", "--token", platform.key]);
}, 120_000);
afterAll(async () => {
  await platform.close();
  await rm(home, { recursive: true, force: true });
});

interface Said {
  exitCode: number;
  /** Both outputs, without the frames of tables and wrapped lines. */
  text: string;
}

async function charm(args: readonly string[]): Promise<Said> {
  const environment = {
    HOME: home,
    PATH: "/usr/bin:/bin",
    COLUMNS: "400",
    NO_COLOR: "1",
    TERM: "dumb",
    // Templates and the version check would leave this machine: the client gets along without them.
    HTTPS_PROXY: "http://127.0.0.1:9",
    HTTP_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1",
  };
  try {
    const { stdout, stderr } = await run(testSetting("RUNYARD_TEST_CHARM_CLI"), [...args], { env: environment });
    return { exitCode: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, text: stdout + stderr };
  }
}

/** A copy of an example, as a developer has it on disk. */
async function project(example: string): Promise<string> {
  const folder = join(home, `${example}-${randomUUID()}`);
  await cp(join(examples, example), folder, { recursive: true });
  return folder;
}

async function agentId(folder: string): Promise<string> {
  const id = /^id: *"?([0-9a-f-]{36})"?/m.exec(await readFile(join(folder, "charm.yaml"), "utf8"))?.[1];
  if (id === undefined) throw new Error(`the client wrote no id into ${folder}/charm.yaml`);
  return id;
}

interface CharmEvent {
  type: string;
  content?: unknown;
  format?: string;
  run_id?: string;
}

async function execute(body: object): Promise<{ status: number; events: CharmEvent[]; runId: string | null }> {
  const response = await fetch(`${platform.url}/charm/v1/execute`, {
    method: "POST",
    headers: { authorization: `Bearer ${platform.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const blocks = (await response.text()).split("\n\n").filter((block) => block.startsWith("data: "));
  const events = blocks.map((block): CharmEvent => JSON.parse(block.slice("data: ".length)));
  return { status: response.status, events, runId: response.headers.get("x-run-id") };
}

// Each command of the client loads for a second or more.
describe("the charm command line", { timeout: 180_000 }, () => {
  it.each([
    {
      example: "word-counter",
      input: { text: "to be or not to be", top: 2 },
      final: {
        words: 6,
        different: 4,
        top: [
          { word: "to", times: 2 },
          { word: "be", times: 2 },
        ],
      },
      format: "json",
    },
    { example: "slugger", input: { title: "Crème brûlée, twice!" }, final: "creme-brulee-twice", format: "markdown" },
  ])("pushes $example, which then runs by HTTP and shows up in the logs", async ({ example, input, final, format }) => {
    const folder = await project(example);
    const validated = await charm(["validate", folder]);
    expect(validated.text).toContain("Project is ready to push!");
    expect(validated.exitCode).toBe(0);

    const pushed = await charm(["push", folder]);
    expect(pushed.text).toContain(`${platform.url}/charm/`);
    expect(pushed.exitCode).toBe(0);
    const id = await agentId(folder);

    const { status, events, runId } = await execute({ agent_id: id, version: "1.0.0", input_payload: input });
    expect(status).toBe(200);
    expect(events[0]).toMatchObject({ type: "status", run_id: runId });
    expect(events.filter(({ type }) => type === "final")).toEqual([{ type: "final", content: final, format }]);
    expect(events.at(-1)).toMatchObject({ type: "internal_run_finished", content: { exit_code: 0 } });

    const logged = await charm(["logs", "--path", folder]);
    expect(logged.text).toContain("success");
    expect(logged.exitCode).toBe(0);
  });

  it("starts a project that can be completed, pushed, changed and pushed again", async () => {
    const folder = join(home, "started");
    const started = await charm(["init", folder]);
    expect(started.exitCode).toBe(0);
    // Offline the client's own template lacks the parts that it demands itself.
    const source = join(examples, "word-counter");
    await cp(source, folder, { recursive: true });
    expect((await charm(["validate", folder])).exitCode).toBe(0);
    expect((await charm(["push", folder])).exitCode).toBe(0);

    expect((await charm(["push", folder])).exitCode).toBe(0); // the same bytes again
    await writeFile(join(folder, "src/counter.py"), "def count(inputs):\n    return 'changed'\n");
    const refused = await charm(["push", folder]);
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toMatch(/1\.0\.0/);

    const manifest = await readFile(join(folder, "charm.yaml"), "utf8");
    await writeFile(join(folder, "charm.yaml"), manifest.replace("version: 1.0.0", "version: 1.1.0"));
    expect((await charm(["push", folder])).exitCode).toBe(0);
    const id = await agentId(folder);
    const finals = [];
    for (const version of ["1.0.0", "1.1.0"]) {
      const { events } = await execute({ agent_id: id, version, input_payload: { text: "a" } });
      finals.push(events.find(({ type }) => type === "final")?.content);
    }
    expect(finals).toEqual([{ words: 1, different: 1, top: [{ word: "a", times: 1 }] }, "changed"]);
  });

  it("is told what is wrong with its key", async () => {
    const folder = await project("word-counter");
    const other = await mkdtemp(join(tmpdir(), "runyard-charm-"));
    const mine = home;
    home = other;
    try {
      await charm(["config", "set", "core.api_base", `${platform.url}/charm/api`]);
      await charm(["auth", "manual", "--token", "ya_live_sk_wrong"]);
      const refused = await charm(["push", folder]);
      expect(refused.exitCode).toBe(1);
      expect(refused.text).toMatch(/key/i);
    } finally {
      home = mine;
      await rm(other, { recursive: true, force: true });
    }
  });
});
