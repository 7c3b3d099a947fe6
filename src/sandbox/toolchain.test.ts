import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findToolchain } from "./toolchain.ts";

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "runyard-tools-")));
  for (const path of ["bin", "lib/node_modules/npm/bin"]) await mkdir(join(folder, path), { recursive: true });
  for (const path of ["bin/node", "bin/uv", "lib/node_modules/npm/bin/npm-cli.js"]) {
    await writeFile(join(folder, path), "");
    await chmod(join(folder, path), 0o755);
  }
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(folder, "bin/npm"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("what lies outside of /usr is mounted, and found by name through links", async () => {
  const { tools, mounts, links } = await findToolchain({
    nodePath: join(folder, "bin/node"),
    searchPath: join(folder, "bin"),
    pythonPath: "/usr/bin/python3",
  });
  expect(mounts).toEqual([
    { source: join(folder, "bin/node"), target: "/opt/runyard/node" },
    { source: join(folder, "lib/node_modules/npm"), target: "/opt/runyard/npm" },
    { source: join(folder, "bin/uv"), target: "/opt/runyard/uv" },
  ]);
  expect(links).toContainEqual({ target: "/opt/runyard/npm/bin/npm-cli.js", path: "/opt/runyard/bin/npm" });
  // The system's Python needs neither.
  expect(tools.find(({ name }) => name === "python3")?.source).toMatch(/^\/usr\/bin\/python3/);
  expect(links.map(({ path }) => path)).not.toContain("/opt/runyard/bin/python3");
});

test("what is not there is said to be missing", async () => {
  const { tools } = await findToolchain({
    nodePath: join(folder, "none"),
    searchPath: "/nowhere",
    pythonPath: "/nowhere/python3",
  });
  expect(tools.map(({ source }) => source)).toEqual([undefined, undefined, undefined, undefined]);
});
