import { expect, test } from "vitest";
import { createLogging, type LoggingOptions } from "./logger.ts";

function collect(options: Partial<LoggingOptions> = {}) {
  const lines: string[] = [];
  const logging = createLogging({
    level: "info",
    format: "json",
    destination: { write: (line) => void lines.push(line) },
    ...options,
  });
  return { logging, lines, records: () => lines.map((line): unknown => JSON.parse(line)) };
}

test("a line carries subsystem, ids as fields and the sentence", () => {
  const { logging, records } = collect();
  logging.logger("engine").info({ executionId: "e1" }, "attempt started");
  expect(records()).toEqual([
    { level: 30, time: expect.any(Number), subsystem: "engine", executionId: "e1", msg: "attempt started" },
  ]);
});

test("lines below the level are not written", () => {
  const { logging, lines } = collect({ level: "warn" });
  const log = logging.logger("engine");
  log.info({}, "no");
  expect(log.isLevelEnabled("info")).toBe(false);
  log.warn({}, "yes");
  expect(lines).toHaveLength(1);
});

test("no key reaches a line: not in a field, a child's field, the sentence, or an error with its stack and cause", () => {
  const { logging, lines } = collect();
  const key = "ya_live_sk_0123456789abcdef";
  const log = logging.logger("http");
  log.info({ apiKey: key, deep: { secret: key } }, `refused ${key}`);
  log.child({ authorization: `Bearer ${key}` }).info({}, "child");
  const cause = Object.assign(new Error(`cause ${key}`), { options: { headers: { cookie: "opensesame" } } });
  log.error({ err: new Error(`call with ${key}`, { cause }) }, "failed");
  expect(lines).toHaveLength(3);
  expect(lines.join("")).not.toContain("0123456789abcdef");
  expect(lines.join("")).not.toContain("opensesame");
  for (const line of lines) JSON.parse(line);
});

test("the pretty form has one readable line, with the stack below it", () => {
  const { logging, lines } = collect({ format: "pretty" });
  logging.logger("engine").warn({ attempt: 2, note: "two words" }, "attempt lost");
  logging.logger("engine").error({ err: new Error("broken") }, "failed");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}engine {4}attempt lost attempt=2 note="two words"\n$/);
  expect(lines[1]).toMatch(/failed\n {2}Error: broken\n {2} {4}at /);
});

test("once the log is disposed every line is written, even if the process is killed then", async () => {
  const { spawnSync } = await import("node:child_process");
  const script = `
    const { createLogging } = await import(${JSON.stringify(new URL("./logger.ts", import.meta.url).href)});
    const logging = createLogging({ level: "info", format: "auto" });
    for (let line = 0; line < 1000; line += 1) logging.logger("test").info({ line }, "written");
    await logging[Symbol.asyncDispose]();
    process.kill(process.pid, "SIGKILL");`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toHaveLength(1000);
});

test.skipIf(process.platform !== "linux")("a log on a full disk stops neither the work nor its end", async () => {
  const { closeSync, openSync } = await import("node:fs");
  const { spawnSync } = await import("node:child_process");
  const script = `
    const { createLogging } = await import(${JSON.stringify(new URL("./logger.ts", import.meta.url).href)});
    const logging = createLogging({ level: "info", format: "auto" });
    for (let line = 0; line < 3; line += 1) {
      logging.logger("test").info({ line }, "not written");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await logging[Symbol.asyncDispose]();
    process.stderr.write("done");
  `;
  const full = openSync("/dev/full", "w");
  try {
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
      timeout: 10_000,
    });
    expect(child.stderr).toBe("done");
    expect(child.status).toBe(0);
  } finally {
    closeSync(full);
  }
});
