import { mkdir, mkdtemp, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findArtefacts } from "./find-artefacts.ts";

async function folders(): Promise<{ work: string; bundle: string }> {
  const folder = await mkdtemp(join(tmpdir(), "runyard-artefacts-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [work, bundle] = [join(folder, "work"), join(folder, "bundle")];
  await mkdir(work);
  await mkdir(bundle);
  return { work, bundle };
}

test("a file of the same size is told apart by its content, when its time is another", async () => {
  const { work, bundle } = await folders();
  for (const name of ["same-time", "same-content", "other-content"]) await writeFile(join(bundle, name), "before");
  await writeFile(join(work, "same-time"), "after!");
  await writeFile(join(work, "same-content"), "before");
  await writeFile(join(work, "other-content"), "after!");
  // Files that are written within the same tick of the kernel's clock have the same time.
  await utimes(join(bundle, "other-content"), 1, 1);
  await utimes(join(bundle, "same-content"), 1, 1);
  const time = new Date("2020-01-01");
  await utimes(join(work, "same-time"), time, time);
  await utimes(join(bundle, "same-time"), time, time);
  expect((await findArtefacts(work, [bundle])).kept).toEqual([{ name: "other-content", sizeBytes: 6 }]);
});

test("too many and too large ones are left out, and counted", async () => {
  const { work } = await folders();
  for (let number = 0; number < 103; number += 1) await writeFile(join(work, `file-${number}`), "x");
  await writeFile(join(work, "a-large-one"), "");
  await truncate(join(work, "a-large-one"), 200 * 1024 * 1024);
  const { kept, leftOut } = await findArtefacts(work, []);
  expect(kept).toHaveLength(100);
  expect(kept.map(({ name }) => name)).not.toContain("a-large-one");
  expect(leftOut).toBe(4);
});
