import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { newId } from "../../../contract/ids.ts";
import { Workspaces } from "./workspaces.ts";

test("a workspace has its name only when it was made writable, whatever dies in between", async () => {
  await using owned = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "runyard-workspaces-"));
  owned.defer(() => rm(directory, { recursive: true, force: true }));
  const key = {
    organizationId: newId(),
    agentId: newId(),
    userId: "user",
    threadId: "thread",
    lifecycle: "serverless" as const,
  };
  const dying = new Workspaces(directory, {
    async makeWritable(path) {
      await mkdir(path, { recursive: true });
      throw new Error("the server dies here");
    },
  });
  await expect(dying.open(key)).rejects.toThrow("dies");

  const made: string[] = [];
  const next = new Workspaces(directory, {
    async makeWritable(path) {
      await mkdir(path, { recursive: true });
      made.push(path);
    },
  });
  const { source } = await next.open(key);
  expect(made).toHaveLength(1);
  expect(await readdir(dirname(source))).toContain("thread");
  await next.open(key);
  expect(made).toHaveLength(1);
  expect((await next.list(key.organizationId, key.agentId)).map((workspace) => workspace.source)).toEqual([source]);
});
