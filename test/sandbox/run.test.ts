import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/create-sandbox.ts";
import { openBeneath } from "../../src/sandbox/program-folder.ts";
import { limits, openSandbox, type OpenSandbox } from "./support/open-sandbox.ts";

let open: OpenSandbox;

beforeAll(async () => {
  open = await openSandbox();
});

afterAll(() => open[Symbol.asyncDispose]());

/** Detached twice, deaf to SIGTERM and SIGHUP, without the program's outputs; each prints its id into a file. */
const stubbornTree = `
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)
for n in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            nothing = os.open("/dev/null", os.O_RDWR)
            for fd in (0, 1, 2): os.dup2(nothing, fd)
            time.sleep(600)
        os._exit(0)
print("ready", flush=True)
time.sleep(float(sys.argv[1]))
`;

test("a program gets its command, environment and folder, and its exit code comes back", async () => {
  const script = 'echo "$1 $NAME"; pwd; echo kept >file; cat; exit 7';
  const { printed, exit } = await open.run(["sh", "-c", script, "sh", "a\nb"], { environment: { NAME: "value" } });
  expect(printed).toBe("a\nb value\n/workspace\n");
  expect(exit).toMatchObject({ exitCode: 7, signal: null, reason: "exited" });
  expect(await readFile(join(open.workspace, "file"), "utf8")).toBe("kept\n");
});

test("what the caller writes is read, when asked for", async () => {
  const program = await open.sandbox.start(open.options(["cat"], { stdin: "pipe" }));
  program.stdin?.end("hello");
  program.stderr.resume();
  expect(await text(program.stdout)).toBe("hello");
  expect(await program.exited).toMatchObject({ exitCode: 0 });
});

test("Python, Node and npm are found by name", async () => {
  const { printed, complaint } = await open.run(["sh", "-c", "python3 -V && node -v && npm --version"], {
    environment: { HOME: "/tmp" },
    limits: { ...limits, memoryBytes: 1 << 30 },
  });
  expect(complaint).not.toContain("not found");
  expect(printed).toMatch(/^Python 3\.\d+.*\nv24\..*\n\d+\..*\n$/);
});

test("a signal that ends a program is named", async () => {
  const { exit } = await open.run(["sh", "-c", "kill -SEGV $$"]);
  expect(exit).toMatchObject({ signal: "SIGSEGV", reason: "exited" });
});

test("a program that is not there failed to start", async () => {
  const { exit } = await open.run(["no-such-program"]);
  expect(exit).toMatchObject({ reason: "failed-to-start", message: expect.stringContaining("no-such-program") });
});

test("text that would be read as more arguments is refused", async () => {
  const evil = "x\0--bind\0/\0/host";
  await expect(open.run(["true"], { environment: { A: evil } })).rejects.toMatchObject({ code: "invalid_field_value" });
  await expect(open.run(["true", evil])).rejects.toMatchObject({ code: "invalid_field_value" });
  await expect(open.run(["true"], { workingDirectory: "x" })).rejects.toMatchObject({ code: "invalid_field_value" });
});

test("an environment of 100 KB in many variables arrives", async () => {
  const environment = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`V${n}`, "x".repeat(1000)]));
  const { printed } = await open.run(["sh", "-c", "env | grep -c ^V"], { environment });
  expect(printed).toBe("100\n");
});

test("memory, processor time, disk, output and time are told apart", async () => {
  const python = (script: string) => ["python3", "-c", script];
  const reasons = await Promise.all([
    // It holds on to it: where only a watch looks after memory, it must not be over before the next look.
    open.run(python("import time; b = bytearray(400 << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep(20)")),
    open.run(python("while True: pass"), { limits: { ...limits, cpuSeconds: 1 } }),
    open.run(python("f = open('f', 'wb')\nwhile True: f.write(b'x' * 65536)"), {
      limits: { ...limits, diskBytes: 1 << 20 },
    }),
    open.run(["sh", "-c", "while :; do echo flood; done"]),
    open.run(["sleep", "100"], { limits: { ...limits, wallMs: 300 } }),
  ]);
  // A failed write to a full disk is the program's to deal with, so that one may end by itself.
  expect(reasons.map(({ exit }) => exit.reason)).toEqual([
    "out-of-memory",
    "too-much-cpu",
    expect.stringMatching(/^(exited|too-much-disk)$/),
    "too-much-output",
    "timed-out",
  ]);
  expect(reasons[3]?.printed.length).toBe(limits.outputBytes);
});

test("a program whose helper was killed for memory is out of memory as well", async () => {
  const script =
    "import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', 'b = bytearray(400 << 20); b[::4096] = b\"x\" * len(b[::4096])'])\ntime.sleep(100)";
  const { exit } = await open.run(["python3", "-c", script]);
  expect(exit.reason).toBe("out-of-memory");
});

test("a slow reader holds the program back instead of filling the server's memory", async () => {
  const program = await open.sandbox.start(
    open.options(["sh", "-c", "while :; do echo 0123456789; done"], { limits: { ...limits, outputBytes: undefined } }),
  );
  program.stderr.resume();
  await once(program.stdout, "readable");
  await pause(200);
  expect(program.stdout.readableLength).toBeLessThanOrEqual(2 * 65_536);
  program.kill();
  // The reader has read nothing, and still the end is known.
  expect(await program.exited).toMatchObject({ reason: "cancelled", exitCode: null });
  program.stdout.destroy();
});

test.each([
  ["a cancelled program", "600", "cancelled"],
  ["a program that ended by itself", "0", "exited"],
])("%s leaves nothing alive", async (_, seconds, reason) => {
  const abort = new AbortController();
  const program = await open.sandbox.start(
    open.options(["python3", "-c", stubbornTree, seconds], { signal: abort.signal }),
  );
  program.stderr.resume();
  await once(program.stdout, "data");
  program.stdout.resume();
  if (reason === "cancelled") await expect.poll(survivors).toBe(6);
  abort.abort();
  expect((await program.exited).reason).toMatch(reason === "exited" ? /exited|cancelled/ : /cancelled/);
  expect(survivors()).toBe(0);
});

test("a signal that was aborted before starts nothing", async () => {
  await expect(open.run(["true"], { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
});

test("programs die with a server that is killed, and the next one sweeps up", async () => {
  const folder = join(open.folder, "killed-server");
  const script = `
    import { createSandbox } from ${JSON.stringify(join(import.meta.dirname, "../../src/sandbox/create-sandbox.ts"))};
    const sandbox = await createSandbox({ folder: ${JSON.stringify(folder)} });
    const program = await sandbox.start({ command: ["python3", "-c", ${JSON.stringify(stubbornTree)}, "600"],
      workingDirectory: "/", environment: {}, mounts: [], limits: ${JSON.stringify(limits)} });
    program.stdout.once("data", () => console.log("ready"));
  `;
  const server = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(createInterface({ input: server.stdout }), "line");
  await expect.poll(survivors).toBe(6);
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
  await expect.poll(survivors).toBe(0);
  const left = () => cgroupsOf(server.pid ?? 0);
  if (open.sandbox.limitsBy !== "rlimits") expect(left()).toBeGreaterThan(0);
  await using next = await createSandbox({ folder: join(open.folder, "next-server") });
  expect(next.problem).toBeUndefined();
  expect(left()).toBe(0);
});

test("without bubblewrap there is a problem, and nothing runs", async () => {
  await using sandbox = await createSandbox({ folder: join(open.folder, "none"), bubblewrapPath: "/nowhere/bwrap" });
  expect(sandbox.problem).toContain("bubblewrap is not installed");
  await expect(sandbox.start(open.options(["true"]))).rejects.toMatchObject({ code: "sandbox_unavailable" });
});

test("a sandbox that cannot make namespaces says so", async () => {
  await using sandbox = await createSandbox({ folder: join(open.folder, "broken"), bubblewrapPath: "/bin/false" });
  expect(sandbox.problem).toContain("cannot be run");
});

test("a folder made writable is the program's with all in it, but not what its links lead to", async () => {
  const workspace = join(open.folder, "workspaces/deep/er");
  const outside = join(open.folder, "outside");
  await mkdir(join(workspace, "sub"), { recursive: true, mode: 0o700 });
  await writeFile(join(workspace, "sub/file"), "old", { mode: 0o600 });
  await writeFile(outside, "outside", { mode: 0o600 });
  await symlink(outside, join(workspace, "link"));
  await open.sandbox.makeWritable(workspace);
  const mounts = [{ source: workspace, target: "/workspace", access: "write" as const }];
  const { printed } = await open.run(["sh", "-c", "echo new >sub/file && cat sub/file; cat link"], { mounts });
  expect(printed).toBe("new\n");
  const { uid, mode } = await stat(outside);
  expect({ uid, mode: mode & 0o777 }).toEqual({ uid: process.getuid?.(), mode: 0o600 });
  await expect(open.sandbox.makeWritable("/etc")).rejects.toMatchObject({ code: "invalid_field_value" });
});

test("a folder made readable can be read, not written", async () => {
  const folder = join(open.folder, "bundles/one");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "run.sh"), "#!/bin/sh\necho ran", { mode: 0o700 });
  await open.sandbox.makeReadable(folder);
  const mounts = [{ source: folder, target: "/bundle", access: "read" as const }];
  const script = "/bundle/run.sh; echo x >/bundle/run.sh";
  const { printed, complaint } = await open.run(["sh", "-c", script], { mounts, workingDirectory: "/" });
  expect(printed).toBe("ran\n");
  expect(complaint).toContain("Read-only file system");
});

test("a file is opened through no link and no pipe holds us", async () => {
  const { exit } = await open.run(["sh", "-c", "mkdir d; echo in >d/f; ln -s /etc e; ln -s /etc/passwd p; mkfifo q"]);
  expect(exit.exitCode).toBe(0);
  const handle = await openBeneath(open.workspace, "d/f");
  expect(await handle.readFile("utf8")).toBe("in\n");
  await handle.close();
  await expect(openBeneath(open.workspace, "e/passwd")).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(openBeneath(open.workspace, "p")).rejects.toMatchObject({ code: "ELOOP" });
  await expect(openBeneath(open.workspace, "../own/d/f")).rejects.toMatchObject({ code: "invalid_field_value" });
  await (await openBeneath(open.workspace, "q")).close();
});

/** Processes of this machine that run the stubborn tree. */
function survivors(): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return line.startsWith("python3\0-c") && line.includes("for n in range(5)");
    } catch {
      return false;
    }
  }).length;
}

function cgroupsOf(pid: number): number {
  const own = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  return own.filter((line) => {
    const [, controllers = "", path = ""] = line.split(":");
    const folder = join("/sys/fs/cgroup", controllers, path);
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(`runyard-${pid}-`));
  }).length;
}
