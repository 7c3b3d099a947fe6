import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DaemonKey, DaemonState } from "../../../contract/daemon.ts";
import { RunyardError } from "../../../contract/errors.ts";
import type { SandboxedProcess, SandboxExit } from "../../../sandbox/sandbox.ts";
import { createDaemons, type RunningDaemons } from "./create-daemons.ts";
import type { DaemonTimes } from "./daemon-machine.ts";
import type { DaemonJob, DaemonJobEnd, DaemonNote } from "./daemons.ts";
import { openServeSession } from "./open-serve-session.ts";

const program = `
import os, sys, time
count = 0

def answer(inputs):
    global count
    count += 1
    what = inputs.get("do")
    if what == "die":
        os._exit(7)
    if what == "leave":
        os._exit(0)
    if what == "hang":
        time.sleep(600)
    if what == "err":
        print("to stderr", file=sys.stderr)
    if what == "where":
        return os.getcwd() + " " + os.environ.get("COLOUR", "none")
    return "%s %d %d" % (what, count, os.getpid())
`;

const runner = new URL("../runner/runner.py", import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-daemons-"));
  await writeFile(join(folder, "agent.py"), program);
  await writeFile(join(folder, "broken.py"), "raise ValueError('broken')\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key: DaemonKey = { organizationId: "o", agentId: "a", userId: "u" };

/** The supervisor over real runners that are started without a sandbox. */
interface Bench extends AsyncDisposable {
  daemons: RunningDaemons;
  notes: DaemonNote[];
  wants: number;
  launches: string[];
  /** Kills the process that was started last, as a crash does. */
  crash(): void;
  job(request: DaemonJob["request"], changes?: Partial<DaemonJob>): Promise<DaemonJobEnd & { text: string }>;
  /** Resolves once the daemon has been noted to be in the state, from now on. */
  noted(state: DaemonState): Promise<void>;
}

function startBench(
  times: Partial<DaemonTimes> = {},
  options: { entryPoint?: () => string; healthMs?: number } = {},
): Bench {
  const notes: DaemonNote[] = [];
  const launches: string[] = [];
  const waiting: { state: DaemonState; resolve: () => void }[] = [];
  let last: SandboxedProcess | undefined;
  let ids = 0;
  const bench: Bench = {
    notes,
    launches,
    wants: 0,
    crash: () => last?.kill(),
    noted: (state) => new Promise((resolve) => waiting.push({ state, resolve })),
    async job(request, changes) {
      let text = "";
      const end = await bench.daemons.run(key, {
        executionId: `execution-${(ids += 1)}`,
        agentVersionId: "v1",
        request,
        onOutput: (chunk) => void (text += chunk.toString()),
        signal: new AbortController().signal,
        timeoutMs: 60_000,
        ...changes,
      });
      return { ...end, text };
    },
    daemons: createDaemons({
      findProblem: async () => undefined,
      times: { firstBackoffMs: 1, lastBackoffMs: 4, graceMs: 1000, ...times },
      ...(options.healthMs !== undefined && { healthEveryMs: options.healthMs }),
      records: {
        async want() {
          bench.wants += 1;
        },
        note(_, change) {
          notes.push(change);
          for (const [index, { state, resolve }] of [...waiting.entries()].toReversed()) {
            if (state !== change.state) continue;
            waiting.splice(index, 1);
            resolve();
          }
        },
        currentVersion: async () => "v1",
      },
      launcher: {
        async launch({ agentVersionId }) {
          launches.push(agentVersionId);
          last = startPython();
          const entryPoint = options.entryPoint?.() ?? "agent:answer";
          return openServeSession(last, { entryPoint, adapter: "python", paths: [folder] });
        },
        async removeVolume() {
          launches.push("volume removed");
        },
      },
    }),
    [Symbol.asyncDispose]: () => bench.daemons[Symbol.asyncDispose](),
  };
  return bench;
}

function startPython(): SandboxedProcess {
  const child = spawn("python3", ["-I", "-S", runner, "--serve"], { cwd: folder, stdio: "pipe" });
  const exited = new Promise<SandboxExit>((resolve) =>
    child.on("close", (exitCode, signal) =>
      resolve({ exitCode, signal, reason: signal === null ? "exited" : "cancelled", durationMs: 0 }),
    ),
  );
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exited, kill: () => child.kill("SIGKILL") };
}

const finalOf = (text: string): unknown => {
  const line = text.split("\n").find((one) => one.includes('"final"')) ?? "";
  const event: { content: unknown } = JSON.parse(line.slice(line.indexOf("{")));
  return event.content;
};

describe("a daemon", () => {
  test("is started by its first job, keeps what the program has in memory, and takes one job at a time", async () => {
    await using bench = startBench();
    expect(bench.daemons.stateOf(key)).toBeUndefined();
    const ends = await Promise.all(["a", "b", "c"].map((what) => bench.job({ input: { do: what } })));
    expect(ends.map(({ exitCode, reason }) => [exitCode, reason])).toEqual(
      Array.from({ length: 3 }, () => [0, "exited"]),
    );
    const words = ends.map(({ text }) => String(finalOf(text)).split(" "));
    expect(words.map(([what, count]) => `${what} ${count}`)).toEqual(["a 1", "b 2", "c 3"]);
    expect(new Set(words.map(([, , pid]) => pid)).size).toBe(1);
    expect(bench.wants).toBe(1);
    expect(bench.daemons.stateOf(key)).toBe("started");
  });

  test("gives a job its environment, its folder and its own standard error", async () => {
    await using bench = startBench();
    const request = { input: { do: "where" }, environment: { COLOUR: "red" }, workingDirectory: tmpdir() };
    expect(finalOf((await bench.job(request)).text)).toBe(`${tmpdir()} red`);
    expect(finalOf((await bench.job({ input: { do: "where" } })).text)).toBe(`${folder} none`);
    expect((await bench.job({ input: { do: "err" } })).text).toContain("to stderr");
  });

  test("that dies under a job ends the job, and is back for the next one", async () => {
    await using bench = startBench();
    const back = bench.noted("started");
    expect(await bench.job({ input: { do: "die" } })).toMatchObject({ exitCode: 7, reason: "exited" });
    expect(await bench.job({ input: { do: "leave" } })).toMatchObject({ exitCode: 1, reason: "exited" });
    await back;
    expect(await bench.job({ input: { do: "x" } })).toMatchObject({ exitCode: 0 });
    expect(bench.notes).toContainEqual({
      state: "restarting",
      error: { code: "program_failed", message: "Its process ended with code 7." },
    });
  });

  test("that dies between two jobs comes back by itself", async () => {
    await using bench = startBench();
    await bench.daemons.start(key);
    for (const _ of [1, 2, 3]) {
      const back = bench.noted("started");
      bench.crash();
      await back;
    }
    expect(bench.notes.filter(({ restarted }) => restarted === true)).toHaveLength(3);
    expect(bench.daemons.stateOf(key)).toBe("started");
  });

  test("is stopped when it has been idle, and started by the next job", async () => {
    await using bench = startBench({ idleMs: 1 });
    const idle = bench.noted("suspended");
    await bench.job({ input: { do: "a" } });
    await idle;
    expect(bench.daemons.stateOf(key)).toBe("suspended");
    expect(finalOf((await bench.job({ input: { do: "b" } })).text)).toMatch(/^b 1 /);
  });

  test("stays down when its owner stops it, with the job that it was at", async () => {
    await using bench = startBench({ graceMs: 50 });
    await bench.daemons.start(key);
    const [running, waiting] = [bench.job({ input: { do: "hang" } }), bench.job({ input: { do: "a" } })];
    await bench.daemons.stop(key);
    expect(await running).toMatchObject({ exitCode: null, reason: "cancelled" });
    expect(await waiting).toMatchObject({ exitCode: null, reason: "cancelled", durationMs: 0 });
    expect(bench.daemons.stateOf(key)).toBe("stopped");
    expect(bench.launches).toHaveLength(1);
    await bench.job({ input: { do: "b" } });
    expect([bench.launches.length, bench.wants]).toEqual([2, 2]);
  });

  test("gets a new process when it is restarted, and is killed with a job that takes too long or is cancelled", async () => {
    await using bench = startBench();
    await bench.daemons.start(key);
    await bench.daemons.restart(key);
    expect(bench.launches).toHaveLength(2);
    expect(await bench.job({ input: { do: "hang" } }, { timeoutMs: 20 })).toMatchObject({
      exitCode: null,
      reason: "timed-out",
    });
    const stop = new AbortController();
    const cancelled = bench.job({ input: { do: "hang" } }, { signal: stop.signal, onStatus: () => stop.abort() });
    await expect(cancelled).rejects.toThrow();
    expect(await bench.job({ input: { do: "a" } })).toMatchObject({ exitCode: 0 });
  });

  test("is replaced for a job of another version", async () => {
    await using bench = startBench();
    await bench.job({ input: { do: "a" } });
    const end = await bench.job({ input: { do: "b" } }, { agentVersionId: "v2" });
    expect(finalOf(end.text)).toMatch(/^b 1 /);
    expect(bench.launches).toEqual(["v1", "v2"]);
  });

  test("that cannot be loaded says why, and is tried again", async () => {
    let entryPoint = "broken:answer";
    await using bench = startBench({}, { entryPoint: () => entryPoint });
    const failure = bench.daemons.start(key);
    await expect(failure).rejects.toThrow(/did not come up: Could not load 'broken:answer': ValueError: broken/);
    await expect(failure).rejects.toBeInstanceOf(RunyardError);
    const up = bench.noted("started");
    entryPoint = "agent:answer";
    await up;
  });

  test("that does not answer between two jobs is killed and comes back", async () => {
    await using bench = startBench({ pingMs: 50 }, { healthMs: 20 });
    await bench.daemons.start(key);
    // A stopped process takes nothing and says nothing.
    const { text } = await bench.job({ input: { do: "pid" } });
    process.kill(Number(String(finalOf(text)).split(" ")[2]), "SIGSTOP");
    const back = bench.noted("started");
    await back;
    expect(bench.notes.some(({ error }) => error?.message.includes("did not answer") === true)).toBe(true);
  });

  test("loses its volume when it is terminated, and nothing is left of it", async () => {
    await using bench = startBench();
    await bench.daemons.start(key);
    await bench.daemons.terminate(key);
    expect(bench.launches.at(-1)).toBe("volume removed");
    expect(bench.daemons.stateOf(key)).toBeUndefined();
  });

  test("comes up with many others when a server begins", async () => {
    await using bench = startBench();
    const keys = ["a", "b", "c"].map((userId) => ({ ...key, userId }));
    await bench.daemons.resume(keys);
    expect(keys.map((one) => bench.daemons.stateOf(one))).toEqual(["started", "started", "started"]);
  });
});
