import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createOutbound } from "../../src/egress/create-outbound.ts";
import { type Layers, LayerStore } from "../../src/runtimes/code/layers/layer-store.ts";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import {
  type PackageRegistry,
  type PackageRegistryOptions,
  startPackageRegistry,
} from "../support/package-registry.ts";

let folder: string;
let sandbox: Sandbox;
let owned: AsyncDisposableStack;
/** Where nothing but the outcome matters: what it has found out about this machine is asked once. */
let shared: LayerStore;
let sharedStack: AsyncDisposableStack;
let bundles = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-layers-"));
  sandbox = await createSandbox({ folder, searchPath: "/usr/local/bin:/usr/bin:/bin" });
  expect(sandbox.problem).toBeUndefined();
  sharedStack = new AsyncDisposableStack();
  const from = sharedStack.use(await startPackageRegistry(packages));
  shared = await store(from, { directory: join(folder, "shared"), stack: sharedStack });
});
afterAll(async () => {
  await sharedStack.disposeAsync();
  await sandbox[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  owned = new AsyncDisposableStack();
});
afterEach(async () => {
  await owned.disposeAsync();
  await rm(join(folder, "code"), { recursive: true, force: true });
});

const packages: PackageRegistryOptions = {
  python: [
    { name: "greeting", version: "1.0", files: { "greeting.py": "WORD = 'hello'\n" }, requires: ["tail"] },
    { name: "tail", version: "2.0", files: { "tail/__init__.py": "END = '!'\n" } },
    { name: "charmos", version: "0.5.2", files: { "charm/__init__.py": "NAME = 'charm from the index'\n" } },
    { name: "charmos", version: "0.1.0", files: { "charm/__init__.py": "NAME = 'an old one'\n" } },
  ],
  npm: [
    {
      name: "greeting",
      version: "1.0.0",
      files: { "index.js": "module.exports = 'hello' + require('@ours/tail')" },
      dependencies: { "@ours/tail": "^2.0.0" },
    },
    { name: "@ours/tail", version: "2.0.0", files: { "index.js": "module.exports = '?'" } },
    {
      name: "scripted",
      version: "1.0.0",
      files: {
        "index.js": "module.exports = require('./made.js')",
        "make.js": "require('fs').writeFileSync('made.js', 'module.exports = 42')",
      },
      scripts: { install: "node make.js" },
    },
    { name: "@ours/tail", version: "2.1.0", files: { "index.js": "module.exports = '!'" } },
  ],
};

async function registry(options: PackageRegistryOptions = packages): Promise<PackageRegistry> {
  return owned.use(await startPackageRegistry(options));
}

async function store(
  from: PackageRegistry,
  more: { pythonIndexUrl?: string; directory?: string; stack?: AsyncDisposableStack } = {},
): Promise<LayerStore> {
  const stack = more.stack ?? owned;
  const outbound = stack.use(createOutbound());
  return stack.use(
    await LayerStore.open({
      directory: more.directory ?? join(folder, "code"),
      keep: 20,
      sandbox,
      outbound,
      registries: {
        pythonIndexUrl: more.pythonIndexUrl ?? from.pythonIndexUrl,
        npmRegistryUrl: from.npmRegistryUrl,
        packageHosts: [],
      },
    }),
  );
}

async function project(files: Record<string, string>, adapter = "python") {
  bundles += 1;
  const path = join(folder, "projects", String(bundles));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  await sandbox.makeReadable(path);
  return { path, sha256: String(bundles).padStart(64, "0"), adapter };
}

/** What a program prints that has the project and its layers. */
async function run(layers: Layers, path: string, command: readonly string[]): Promise<string> {
  const nodeModules = layers.nodeModules;
  const process = await sandbox.start({
    command,
    workingDirectory: "/code",
    environment: { ...layers.environment },
    mounts: [
      { source: path, target: "/code/project", access: "read" },
      ...layers.mounts,
      ...(nodeModules === undefined
        ? []
        : [{ source: nodeModules, target: "/code/node_modules", access: "read" as const }]),
    ],
    limits: {
      wallMs: 20_000,
      cpuSeconds: 20,
      memoryBytes: 536_870_912,
      processes: 64,
      openFiles: 256,
      diskBytes: 1_048_576,
      outputBytes: 65_536,
    },
  });
  const [out, err] = await Promise.all([text(process.stdout), text(process.stderr)]);
  await process.exited;
  return (out + err).trim();
}

async function layersOnDisk(directory = "code"): Promise<string[]> {
  return readdir(join(folder, directory, "layers")).then((names) => names.filter((name) => name !== "drafts"));
}

describe("python", () => {
  const ask = ["python3", "-c", "import greeting, tail; print(greeting.WORD + tail.END)"];

  test("requirements and what they need are installed, and seen by a program", async () => {
    const { path, ...rest } = await project({
      "requirements.txt": "-r more.txt\n",
      "more.txt": "Greeting==1.0 # a word\n",
    });
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ask)).toBe("hello!");
  });

  test("the dependencies of a pyproject are installed, not the project", async () => {
    const { path, ...rest } = await project({
      "pyproject.toml": '[project]\nname = "mine"\nversion = "1"\ndependencies = ["greeting>=1"]\n',
      "requirements.txt": "missing\n",
    });
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ask)).toBe("hello!");
  });

  test("the public package of charm comes when the code imports it", async () => {
    const { path, ...rest } = await project({ "src/main.py": "import os\nfrom charm.events import emit\n" });
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ["python3", "-c", "import charm; print(charm.NAME)"])).toBe("charm from the index");
  });

  test("a version of charm that the project asks for stays", async () => {
    const { path, ...rest } = await project({ "main.py": "import charm\n", "requirements.txt": "charmos == 0.1.0\n" });
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ["python3", "-c", "import charm; print(charm.NAME)"])).toBe("an old one");
  });
});

describe("node", () => {
  const ask = ["node", "-e", "process.stdout.write(require('greeting'))"];
  const manifest = JSON.stringify({
    name: "mine",
    dependencies: { greeting: "1" },
    devDependencies: { scripted: "1" },
  });

  test("dependencies without a lock file are installed", async () => {
    const { path, ...rest } = await project({ "package.json": manifest }, "node");
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ask)).toBe("hello!");
    expect(await readdir(layers.nodeModules ?? "")).not.toContain("scripted");
  });

  test("what the lock file says is installed", async () => {
    const lock = {
      name: "mine",
      lockfileVersion: 3,
      packages: {
        "": { name: "mine", dependencies: { greeting: "1" }, devDependencies: { scripted: "1" } },
        "node_modules/greeting": { version: "1.0.0", dependencies: { "@ours/tail": "^2.0.0" } },
        "node_modules/@ours/tail": { version: "2.0.0" },
        "node_modules/scripted": { version: "1.0.0", dev: true },
      },
    };
    const { path, ...rest } = await project(
      { "package.json": manifest, "package-lock.json": JSON.stringify(lock) },
      "node",
    );
    using layers = await shared.take({ path, ...rest });
    expect(await run(layers, path, ask)).toBe("hello?");
  });

  test("install scripts of packages and of the project run, inside", async () => {
    const { path, ...rest } = await project(
      {
        "package.json": JSON.stringify({ dependencies: { scripted: "1" }, scripts: { postinstall: "node after.js" } }),
        "after.js": "require('fs').writeFileSync('node_modules/after.js', 'module.exports = process.getuid() > 0')",
      },
      "node",
    );
    using layers = await shared.take({ path, ...rest });
    expect(
      await run(layers, path, ["node", "-p", "[require('scripted'), require('./node_modules/after.js')]+''"]),
    ).toBe("42,true");
  });

  test("a script cannot put a link in the place of what is mounted later", async () => {
    const script = "rm -rf node_modules && ln -s /etc node_modules";
    const wish = await project(
      { "package.json": JSON.stringify({ dependencies: { greeting: "1" }, scripts: { postinstall: script } }) },
      "node",
    );
    const before = await layersOnDisk("shared");
    await expect(shared.take(wish)).rejects.toMatchObject({
      code: "preparation_failed",
      message: expect.stringContaining("something else than a folder"),
    });
    expect(await layersOnDisk("shared")).toEqual(before);
  });
});

test("a project without dependencies needs no layer and asks nobody", async () => {
  const from = await registry();
  const wish = await project({ "main.py": "print(1)", "requirements.txt": "# none\n", "package.json": '{"name":"x"}' });
  using layers = await (await store(from)).take(wish);
  expect(layers).toMatchObject({ mounts: [], environment: {}, nodeModules: undefined });
  expect(from.requests).toEqual([]);
});

test("those who want the same at the same time share one installation and its progress", async () => {
  const from = await registry();
  const layers = await store(from);
  const files = { "requirements.txt": "greeting\n" };
  const heard: string[][] = [[], []];
  const wishes = await Promise.all([project({ ...files, "a.py": "" }), project({ ...files, "b.py": "" })]);
  const taken = await Promise.all(
    wishes.map((wish, at) => layers.take(wish, { onProgress: (line) => heard[at]?.push(line) })),
  );
  expect(taken[0]?.mounts).toEqual(taken[1]?.mounts);
  expect(from.requests.filter((path) => path.startsWith("/wheels/greeting"))).toHaveLength(1);
  for (const lines of heard) expect(lines[0]).toBe("Installing what requirements.txt asks for");
  for (const one of taken) one[Symbol.dispose]();
});

test("a layer outlives the store, and another manifest makes another", async () => {
  const from = await registry();
  const first = await store(from);
  const wish = await project({ "requirements.txt": "tail\n" });
  (await first.take(wish))[Symbol.dispose]();
  await first[Symbol.asyncDispose]();
  const asked = from.requests.length;
  const second = await store(from);
  (await second.take(wish))[Symbol.dispose]();
  expect(from.requests).toHaveLength(asked);
  (await second.take(await project({ "requirements.txt": "tail==2.0\n" })))[Symbol.dispose]();
  expect(await layersOnDisk()).toHaveLength(2);
});

test("a failure names the manifest, shows the last lines, hides the password, and is tried again", async () => {
  const from = await registry();
  const layers = await store(from, { pythonIndexUrl: `http://someone:secret-word@${from.host}/simple/` });
  const wish = await project({ "requirements.txt": "no-such-package\n" });
  const heard: string[] = [];
  const failed = layers.take(wish, { onProgress: (line) => heard.push(line) });
  const error = await failed.then(
    () => expect.fail("it was installed"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    code: "preparation_failed",
    message: expect.stringMatching(/requirements\.txt asks for: exit code 1\.[\s\S]*no-such-package/),
  });
  expect(String(error) + heard.join("\n")).not.toContain("secret-word");
  const asked = from.requests.length;
  await expect(layers.take(wish)).rejects.toThrow("no-such-package");
  expect(from.requests.length).toBeGreaterThan(asked);
  expect(await layersOnDisk()).toEqual([]);
});

test("an installation reaches no other host, and the error names the one it wanted", async () => {
  const from = await registry();
  const other = await registry();
  const wish = await project({ "requirements.txt": `--index-url ${other.pythonIndexUrl}\ngreeting\n` });
  await expect((await store(from)).take(wish)).rejects.toThrow(other.host);
  expect(other.requests).toEqual([]);
});

test("an abort stops the installation and leaves nothing, while others go on waiting for theirs", async () => {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const from = await registry({
    ...packages,
    beforeAnswer: async (path) => {
      if (path !== "/simple/greeting/") return;
      reached.resolve();
      await gate.promise;
    },
  });
  const layers = await store(from);
  const wish = await project({ "requirements.txt": "greeting\n" });
  const aborters = [new AbortController(), new AbortController()];
  const waiting = aborters.map(({ signal }) => layers.take(wish, { signal }));
  await reached.promise;
  aborters[0]?.abort(new Error("the first left"));
  await expect(waiting[0]).rejects.toThrow("the first left");
  gate.resolve();
  (await waiting[1])?.[Symbol.dispose]();
  expect(await layersOnDisk()).toHaveLength(1);
});

test("nothing stays of an installation that nobody waits for any more", async () => {
  const reached = Promise.withResolvers<void>();
  const from = await registry({
    ...packages,
    beforeAnswer: () => {
      reached.resolve();
      return new Promise(() => undefined);
    },
  });
  const layers = await store(from);
  const aborter = new AbortController();
  const waiting = layers.take(await project({ "requirements.txt": "greeting\n" }), { signal: aborter.signal });
  await reached.promise;
  aborter.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await layers[Symbol.asyncDispose]();
  expect(await layersOnDisk()).toEqual([]);
  expect(await readdir(join(folder, "code/layers/drafts"))).toEqual([]);
});
