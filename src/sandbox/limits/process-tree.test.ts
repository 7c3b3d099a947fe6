import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { watchTree } from "./process-tree.ts";

test("a tree is followed through its children, with their memory and time", async () => {
  const child = spawn("sh", ["-c", "sleep 60 & echo ready; wait"], { stdio: ["pipe", "pipe", "ignore"] });
  await once(child.stdout, "data");
  const account = (memoryBytes: number) => watchTree(() => child.pid, memoryBytes);
  await expect.poll(() => account(1).processes().length).toBe(2);
  expect(account(1).processes()).toContain(child.pid);
  expect(account(1).memoryKills()).toBe(1);
  expect(account(2 ** 40).memoryKills()).toBe(0);
  expect(watchTree(() => process.pid, 1).cpuMs()).toBeGreaterThan(0);
  const exited = once(child, "exit");
  for (const pid of account(1).processes().toReversed()) process.kill(pid, "SIGKILL");
  await exited;
  expect(account(1).processes()).toHaveLength(1);
  expect(watchTree(() => undefined, 1).processes()).toEqual([]);
});
