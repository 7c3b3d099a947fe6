import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { importsCharm } from "./imports-charm.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-imports-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function search(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), text);
  return importsCharm(directory);
}

test.each([
  "import charm",
  "import os, charm as c",
  "import charm.events",
  "from charm import emit",
  "x = 1\n\tfrom charm.sdk.events import (\n  emit)",
  "try:\n    import charm\nexcept ImportError: pass\r\n",
])("%j imports it", async (text) => {
  expect(await search("src/deep/main.py", text)).toBe(true);
});

test.each([
  "import charmed",
  "import charm_x",
  "from charming import x",
  "# import charm",
  "from .charm import x",
  "x = 'charm'",
  "from os import charm",
])("%j does not", async (text) => {
  expect(await search("main.py", text)).toBe(false);
});

test("only Python files of the project itself count", async () => {
  expect(await search("node_modules/a/b.py", "import charm")).toBe(false);
  expect(await search(".hidden/b.py", "import charm")).toBe(false);
  expect(await search("readme.md", "import charm")).toBe(false);
});

test("a module of that name in the project is what is meant", async () => {
  await search("main.py", "import charm");
  expect(await search("charm.py", "")).toBe(false);
});
