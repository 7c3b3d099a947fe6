import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { planNode } from "./plan-node.ts";
import { ProjectFiles } from "./project-files.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-plan-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function plan(manifest: unknown, more: Record<string, string> = {}) {
  const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  for (const [name, content] of Object.entries({ "package.json": text, ...more })) {
    await writeFile(join(directory, name), content);
  }
  const found = await planNode(new ProjectFiles(directory));
  return found === undefined ? undefined : { ...found, files: [...found.files.keys()] };
}

test("a package that wants nothing, or only to be developed, needs nothing", async () => {
  expect(await plan({ scripts: { start: "node ." } })).toBeUndefined();
  expect(await plan({ devDependencies: { a: "1" }, dependencies: {} })).toBeUndefined();
});

test("a lock file decides, and is taken along with npm's settings", async () => {
  expect(await plan({ dependencies: { a: "1" } })).toMatchObject({ wishes: ["install"], files: ["package.json"] });
  expect(
    await plan({ dependencies: { a: "1" } }, { "package-lock.json": "{}", ".npmrc": "legacy-peer-deps=true" }),
  ).toEqual({
    manifest: "package.json",
    files: ["package.json", "package-lock.json", ".npmrc"],
    wholeProject: false,
    wishes: ["ci"],
  });
});

test.each([
  { dependencies: { a: "file:lib" } },
  { dependencies: { a: "../lib" } },
  { optionalDependencies: { a: "workspace:*" } },
  { workspaces: ["packages/*"] },
  { scripts: { postinstall: "node build.js" } },
])("%j needs the rest of the project", async (manifest) => {
  expect(await plan(manifest)).toMatchObject({ wholeProject: true });
});

test.each([
  ["{", "package.json is not JSON"],
  ["[]", "package.json: it is not as it should be"],
  ['{"dependencies":{"a":1}}', "package.json: dependencies.a is not as it should be"],
])("%s is refused in words", async (text, words) => {
  await expect(plan(text)).rejects.toMatchObject({
    code: "preparation_failed",
    message: expect.stringContaining(words),
  });
});
