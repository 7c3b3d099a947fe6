import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LogSync } from "./log-sync.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "runyard-test-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A clock by which each sync of this log takes as long as `takes` says. */
function logOnDisk(takes: { ms: number }): LogSync {
  const path = join(folder, "log");
  writeFileSync(path, "x");
  let now = 0;
  return new LogSync(path, () => (now += takes.ms));
}

it("is sure to be short until the disk was slow, and again once it has been quick for a while", () => {
  const takes = { ms: 0.2 };
  using log = logOnDisk(takes);
  log.inPlace();
  expect(log.isShort).toBe(true);
  takes.ms = 5;
  log.inPlace();
  expect(log.isShort).toBe(false);
  takes.ms = 0.2;
  for (let count = 0; count < 3; count += 1) log.inPlace();
  expect(log.isShort).toBe(true);
});

it("learns from syncs in the thread pool too", async () => {
  using log = logOnDisk({ ms: 5 });
  await new Promise((resolve) => log.aside(resolve));
  await new Promise((resolve) => log.aside(resolve));
  expect(log.isShort).toBe(false);
});

it("says when the file cannot be synced", () => {
  using log = new LogSync(join(folder, "none"));
  expect(() => log.inPlace()).toThrow(/ENOENT/);
});
