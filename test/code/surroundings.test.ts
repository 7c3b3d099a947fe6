import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { newId } from "../../src/contract/ids.ts";
import { type CodeRuns, type RunOptions, startCodeRuns } from "../support/code-runs.ts";
import { joinedText } from "../support/read-log.ts";

let runs: CodeRuns;
let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/missing") response.writeHead(404).end();
    else response.end(`content of ${request.url}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  runs = await startCodeRuns({
    allowedHosts: [`127.0.0.1:${port}`, `api.allowed.example:${port}`],
    resolveName: (_name, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    settings: { environment: { OPERATOR_KEY: "operator-secret", OTHER_KEY: "other-secret" } },
  });
});
afterAll(async () => {
  await runs[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

const python = (body: string) => ({ files: { "agent.py": body }, entryPoint: "agent:main" });

async function outputOf(body: string, options: RunOptions & { agent?: object } = {}): Promise<Json | undefined> {
  const { agent = {}, ...run } = options;
  const log = await runs.run(await runs.agent({ ...python(body), ...agent }), run);
  const end = log.at(-1);
  if (end?.type !== "execution-completed") throw new Error(JSON.stringify(log));
  return end.body.output;
}

const environment = "import os\ndef main(): return dict(os.environ)\n";

test("a program finds what it is told in its environment, and nothing of the server's", async () => {
  const history = [{ role: "user", content: "hi" }];
  const found = (await outputOf(environment, {
    userId: "us/er",
    threadId: "..",
    history,
    variables: { MY_KEY: "my value", GITHUB_ACCESS_TOKEN: "tok", PATH: "/nowhere", LD_PRELOAD: "x", "not a name": "x" },
    agent: { environmentNames: ["OPERATOR_KEY", "ABSENT"] },
  })) as JsonObject;
  expect(found).toMatchObject({
    MY_KEY: "[MY_KEY_REDACTED]",
    GITHUB_ACCESS_TOKEN: "tok",
    GITHUB_OAUTH_TOKEN: "tok",
    OPERATOR_KEY: "[OPERATOR_KEY_REDACTED]",
    CHARM_USER_ID: "us/er",
    CHARM_MEMORY_PROVIDER: "local",
    CHARM_HISTORY: JSON.stringify(history),
    CHARM_MEMORY_FILE: "/app/.charm-history.json",
    PYTHONUNBUFFERED: "1",
    PYTHONPATH: "/app",
    TERM: "dumb",
  });
  expect(found["CHARM_WORKSPACE_DIR"]).toMatch(/^\/workspace\/us%2Fer\/[\w-]+\/%2E\.$/);
  expect(found["PATH"]).toContain("/usr/bin");
  expect(Object.keys(found)).not.toContain("LD_PRELOAD");
  expect(Object.keys(found)).not.toContain("OTHER_KEY");
  expect(Object.keys(found)).not.toContain("not a name");
  expect(Object.keys(found).length).toBeLessThan(25);
});

test("names that the sandbox keeps for itself are told", async () => {
  const agent = await runs.agent(python("def main(): return 1"));
  const log = await runs.run(agent, { variables: { PATH: "/nowhere", https_proxy: "x" } });
  const notes = log.flatMap((event) => (event.type === "status-noted" ? [event.body.text] : []));
  expect(notes).toContain("Left out of the environment, which the sandbox sets itself: PATH, https_proxy");
});

test("the caller's variables stand in .env, as a reader of such files takes them", async () => {
  const body = "def main(): return open('.env').read()";
  expect(await outputOf(body, { variables: { A: 'x "y" \\z\nw', B: "1" } })).toBe(
    'A="x \\"y\\" \\\\z\\nw"\nB="1"\n'.replace('x \\"y\\" \\\\z\\nw', "[A_REDACTED]"),
  );
});

test("a long history comes by file and input, and the variable is left out", async () => {
  const history = [{ role: "user", content: "x".repeat(200_000) }];
  const body = `
import json, os
def main(history):
    return [len(history[0]["content"]), "CHARM_HISTORY" in os.environ, json.load(open(os.environ["CHARM_MEMORY_FILE"])) == history]
`;
  expect(await outputOf(body, { history })).toEqual([200_000, false, true]);
});

test("a variable longer than a process can be given is refused in words", async () => {
  const agent = await runs.agent(python("def main(): return 1"));
  const log = await runs.run(agent, { variables: { HUGE: "x".repeat(140_000) } });
  expect(log.at(-1)?.body).toMatchObject({ error: { code: "preparation_failed" } });
  expect(JSON.stringify(log.at(-1))).toContain("HUGE");
});

test("secrets stand nowhere in the log, however they are said", async () => {
  const secret = 'top"secret\\value';
  const agent = await runs.agent({
    ...python(`
import os, sys, json, time
def main():
    secret = os.environ["KEY"]
    print(secret)
    print(json.dumps({"a": secret}))
    print(secret, file=sys.stderr)
    sys.stdout.write(secret[:4]); sys.stdout.flush(); time.sleep(0.1); print(secret[4:])
    for piece in (secret[:6], secret[6:]): print('__CHARM_EVENT__' + json.dumps({"type": "delta", "content": piece}))
    print('__CHARM_EVENT__' + json.dumps({"type": "custom", "deep": [{secret: secret}]}))
    open("report-" + os.environ["OPERATOR_KEY"] + ".txt", "w").write("x")
    return {"status": "success", "output": {"nested": [secret]}, "charm_state": secret}
`),
    environmentNames: ["OPERATOR_KEY"],
  });
  const log = await runs.run(agent, { variables: { KEY: secret } });
  const text = JSON.stringify(log);
  expect(log.at(-1)?.body).toEqual({ output: { nested: ["[KEY_REDACTED]"] } });
  expect(text).not.toContain("secret\\\\");
  expect(text).not.toContain("operator-secret");
  expect(text).toContain("report-[OPERATOR_KEY_REDACTED].txt");
  expect(joinedText(log)).toBe("[KEY_REDACTED]");
  const failing = await runs.agent(python("import os\ndef main(): raise ValueError(os.environ['KEY'])"));
  const failed = await runs.run(failing, { variables: { KEY: secret } });
  expect(failed.at(-1)?.body).toMatchObject({ error: { message: "Agent Execution Failed: [KEY_REDACTED]" } });
  expect(JSON.stringify(failed)).not.toContain("secret\\\\");
});

test("files come into the working directory, and their names into the input", async () => {
  const body = `
def main(inputs): return [inputs, open(inputs["report"]).read(), open("b.txt").read(), open("c.bin", "rb").read().hex()]
`;
  const files = {
    report: `http://127.0.0.1:${port}/one`,
    "../up/b.txt": "data:,hello%20%C3%BC",
    "c.bin": "data:application/octet-stream;base64,AP8=",
  };
  expect(await outputOf(body, { input: { report: "", "c.bin": "mine" }, files })).toEqual([
    { report: "report", "../up/b.txt": "b.txt", "c.bin": "mine" },
    "content of /one",
    "hello ü",
    "00ff",
  ]);
});

test.each([
  ["a private address", { a: "http://127.0.0.1:9/" }, "not on the public internet"],
  ["a local file", { a: "file:///etc/passwd" }, "http or https"],
  ["a missing one", { a: "MISSING" }, "status 404"],
  ["a broken data URL", { a: "data:;base64,***" }, "base64"],
  ["a key without a name", { "a/..": "data:,x" }, "no name of a file"],
  ["two of one name", { "a/x": "data:,1", "b/x": "data:,2" }, "same name"],
])("%s among the files fails the run before it starts", async (_, files: Record<string, string>, words) => {
  const agent = await runs.agent(python("def main(): return 1"));
  const given = Object.fromEntries(
    Object.entries(files).map(([key, url]) => [key, url.replace("MISSING", `http://127.0.0.1:${port}/missing`)]),
  );
  const log = await runs.run(agent, { files: given });
  expect(log.at(-1)).toMatchObject({ type: "execution-failed", body: { error: { code: "preparation_failed" } } });
  expect(JSON.stringify(log.at(-1))).toContain(words);
  expect(JSON.stringify(log)).not.toContain("Starting agent");
});

test("new and changed files are artefacts; sources, inputs, hidden files and links are not", async () => {
  runs.kept.clear();
  const agent = await runs.agent({
    files: {
      "agent.py": `
import os, shutil
def main():
    os.makedirs("out/__pycache__"); os.mkdir("skills"); os.mkdir("node_modules")
    for name in ("out/report.csv", "out/.hidden", "out/__pycache__/x", "skills/x", "node_modules/x", "empty"): open(name, "w").write(name if name != "empty" else "")
    open("changed.txt", "w").write("after")
    os.utime("touched.txt")
    open("rewritten.txt", "w").write("same")
    os.symlink("/etc/passwd", "link.txt")
    os.mkfifo("pipe")
    os.remove("removed.txt")
`,
      "changed.txt": "befor",
      "touched.txt": "x",
      "rewritten.txt": "same",
      "removed.txt": "x",
    },
    entryPoint: "agent:main",
  });
  const log = await runs.run(agent, { files: { "given.txt": "data:,x" } });
  expect([...runs.kept].map(([name, { content, type }]) => [name, content.toString(), type])).toEqual([
    ["changed.txt", "after", "text/plain"],
    ["empty", "", "application/octet-stream"],
    ["out/report.csv", "out/report.csv", "text/csv"],
  ]);
  const types = log.map(({ type }) => type);
  expect(types.filter((type) => type === "file-produced")).toHaveLength(3);
  expect(types.indexOf("file-produced")).toBeGreaterThan(types.indexOf("output-produced"));
  expect(types.at(-2)).toBe("process-finished");
});

const visits = `
import os
def main():
    path = os.environ["CHARM_WORKSPACE_DIR"] + "/visits"
    count = int(open(path).read()) + 1 if os.path.exists(path) else 1
    open(path, "w").write(str(count))
    return [count, sorted(os.listdir("/workspace")), os.path.exists("visits")]
`;

test("a workspace is of one user, agent and thread; what is in it stays", async () => {
  const agent = await runs.agent(python(visits));
  const other = await runs.agent(python(visits));
  const organizationId = newId();
  const visit = async (options: RunOptions, version = agent) => {
    const end = (await runs.run(version, { organizationId, ...options })).at(-1);
    return end?.type === "execution-completed" && Array.isArray(end.body.output) ? end.body.output : end;
  };
  expect(await visit({ threadId: "t" })).toEqual([1, ["user"], false]);
  expect(await visit({ threadId: "t" })).toEqual([2, ["user"], false]);
  expect(await visit({ threadId: "u" })).toEqual([1, ["user"], false]);
  expect(await visit({ threadId: null })).toEqual([1, ["user"], false]);
  expect(await visit({ threadId: "default_thread" })).toEqual([2, ["user"], false]);
  expect(await visit({ threadId: "t", userId: "../user" })).toEqual([1, ["%2E.%2Fuser"], false]);
  expect(await visit({ threadId: "t" }, other)).toEqual([1, ["user"], false]);
  expect(await visit({ threadId: "t", organizationId: newId() })).toEqual([1, ["user"], false]);
});

test("a memory provider of its own leaves nothing in the workspace", async () => {
  const manifest = { runtime: { memory: { provider: "elsewhere" } } };
  const agent = await runs.agent({ ...python(visits), manifest });
  for (const _ of [1, 2]) {
    expect((await runs.run(agent, { organizationId: agent })).at(-1)?.body).toMatchObject({
      output: [1, ["user"], false],
    });
  }
});

test("a snapshot takes all workspaces of an agent back to where they were", async () => {
  const agent = await runs.agent(python(visits));
  const organizationId = newId();
  const visit = async (userId: string, threadId: string | null) => {
    const end = (await runs.run(agent, { organizationId, userId, threadId })).at(-1);
    return end?.type === "execution-completed" && Array.isArray(end.body.output) ? end.body.output[0] : end;
  };
  const task = async (kind: "snapshot" | "restore", label: string) =>
    runs.run(agent, { organizationId, task: { kind, label } });
  expect(await visit("a", "t")).toBe(1);
  expect(await visit("b", null)).toBe(1);
  const saved = await task("snapshot", "1.0.0/../x");
  expect(saved.at(-1)?.type).toBe("execution-completed");
  expect(await visit("a", "t")).toBe(2);
  expect(await visit("c", "t")).toBe(1);
  const missing = await task("restore", "never");
  expect(missing.at(-1)?.body).toMatchObject({ error: { code: "snapshot_not_found" } });
  expect(missing.map(({ type }) => type)).toContain("failure-noted");
  expect(await visit("a", "t")).toBe(3);
  const restored = await task("restore", "1.0.0/../x");
  expect(restored.at(-1)?.body).toEqual({ output: "ROLLBACK_RESTORE_COMPLETE" });
  expect(restored.slice(-3).map(({ type }) => type)).toEqual([
    "output-produced",
    "process-finished",
    "execution-completed",
  ]);
  expect(await visit("a", "t")).toBe(2);
  expect(await visit("b", null)).toBe(2);
  expect(await visit("c", "t")).toBe(1);
});

const fetches = `
import urllib.request, urllib.error
def main(url):
    try:
        return urllib.request.urlopen(url, timeout=5).read().decode()
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
    except OSError as error:
        return "no network"
`;

test("a program has no network unless its version grants it, and then the guard's", async () => {
  const url = `http://127.0.0.1:${port}/x`;
  expect(await outputOf(fetches, { input: { url } })).toBe("no network");
  expect(await outputOf(fetches, { input: { url }, agent: { network: {} } })).toBe("content of /x");
  const refused = await outputOf(fetches, { input: { url: "http://127.0.0.1:9/" }, agent: { network: {} } });
  expect(JSON.stringify(refused)).toMatch(/403.*not on the public internet/);
});

test("a version that names hosts reaches these and what is under them", async () => {
  const agent = { network: { hosts: ["Allowed.Example."] } };
  const url = `http://127.0.0.1:${port}/x`;
  expect(JSON.stringify(await outputOf(fetches, { input: { url }, agent }))).toMatch(/403.*may not connect/);
  const own = await outputOf(fetches, { input: { url: `http://api.allowed.example:${port}/y` }, agent });
  expect(own).toBe("content of /y");
});
