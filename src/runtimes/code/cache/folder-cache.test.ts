import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderCache, type MakeFolder } from "./folder-cache.ts";

let directory: string;
let opened: FolderCache[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-cache-"));
  opened = [];
});
afterEach(async () => {
  for (const cache of opened) await cache[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function open(keep = 10): Promise<FolderCache> {
  const cache = await FolderCache.open(directory, keep);
  opened.push(cache);
  return cache;
}

function maker(text = "whole"): MakeFolder & { calls: number } {
  const make = async (draft: string) => {
    counted.calls += 1;
    await mkdir(draft);
    await writeFile(join(draft, "file"), text);
  };
  const counted = Object.assign(make, { calls: 0 });
  return counted;
}

async function names(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name !== "drafts").toSorted();
}

test("a folder is made once for all who ask, now and later and after a restart", async () => {
  const make = maker();
  const cache = await open();
  const leases = await Promise.all([cache.take("a", make), cache.take("a", make)]);
  leases.push(await cache.take("a", make), await (await open()).take("a", make));
  expect(make.calls).toBe(1);
  for (const { path } of leases) expect(await readFile(join(path, "file"), "utf8")).toBe("whole");
});

test("a failure reaches all who wait, leaves nothing, and is tried again", async () => {
  const cache = await open();
  let calls = 0;
  const fail = async (draft: string) => {
    calls += 1;
    await mkdir(draft);
    throw new Error("no room");
  };
  const both = await Promise.allSettled([cache.take("a", fail), cache.take("a", fail)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(calls).toBe(1);
  expect(await readdir(join(directory, "drafts"))).toEqual([]);
  using lease = await cache.take("a", maker());
  expect(await names()).toEqual([lease.path.slice(directory.length + 1)]);
});

test("the least recently used go, those in use stay until they are given up", async () => {
  const cache = await open(2);
  const first = await cache.take("a", maker());
  (await cache.take("b", maker()))[Symbol.dispose]();
  (await cache.take("c", maker()))[Symbol.dispose]();
  (await cache.take("d", maker()))[Symbol.dispose]();
  await cache[Symbol.asyncDispose]();
  expect(await names()).toEqual(["a", "d"]);
  const others = await Promise.all(["e", "f"].map((key) => cache.take(key, maker())));
  await cache[Symbol.asyncDispose]();
  expect(await names()).toEqual(["a", "e", "f"]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await cache[Symbol.asyncDispose]();
  expect(await names()).toEqual(["e", "f"]);
  for (const lease of others) lease[Symbol.dispose]();
});

test("a start removes what was being made, and keeps those used last", async () => {
  await mkdir(join(directory, "drafts", "half"), { recursive: true });
  for (const [name, usedAt] of [
    ["old", 1_000],
    ["new", 3_000],
    ["middle", 2_000],
  ] as const) {
    await mkdir(join(directory, name));
    await utimes(join(directory, name), usedAt, usedAt);
  }
  await (await open(2))[Symbol.asyncDispose]();
  expect(await readdir(join(directory, "drafts"))).toEqual([]);
  expect(await names()).toEqual(["middle", "new"]);
});

test("the work is stopped when nobody waits any more, and only then", async () => {
  const cache = await open();
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const make: MakeFolder = (_draft, signal) => {
    begun.resolve();
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        stopped.resolve();
        reject(signal.reason);
      });
    });
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const first = cache.take("a", make, one.signal);
  const second = cache.take("a", make, two.signal);
  await begun.promise;
  one.abort(new Error("first"));
  await expect(first).rejects.toThrow("first");
  const still = await Promise.race([stopped.promise.then(() => "stopped"), Promise.resolve("going on")]);
  expect(still).toBe("going on");
  two.abort(new Error("second"));
  await expect(second).rejects.toThrow("second");
  await stopped.promise;
  using lease = await cache.take("a", maker());
  expect(await readFile(join(lease.path, "file"), "utf8")).toBe("whole");
});

test.each(["", "..", "a/b", "drafts"])("the key %j is refused", async (key) => {
  await expect((await open()).take(key, maker())).rejects.toThrow(TypeError);
});
