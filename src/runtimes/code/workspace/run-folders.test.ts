import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RunFolders } from "./run-folders.ts";

test("a folder goes with its run, and what a dead server left goes at the next start", async () => {
  const directory = await mkdtemp(join(tmpdir(), "runyard-runs-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const runs = join(directory, "runs");
  const first = await RunFolders.open(directory);
  {
    using folder = await first.make("run", 1);
    await writeFile(join(folder.path, "file"), "");
    await expect(first.make("run", 1)).rejects.toThrow("EEXIST");
  }
  await first[Symbol.asyncDispose]();
  expect(await readdir(runs)).toEqual([]);
  await first.make("lost", 2);
  expect(await readdir(runs)).toEqual(["lost-2"]);
  await RunFolders.open(directory);
  expect(await readdir(runs)).toEqual([]);
});
