import { expect, test } from "vitest";
import type { SandboxExit } from "../../sandbox/sandbox.ts";
import { exitCodeOf, programEnd } from "./program-end.ts";
import type { ProgramWord } from "./protocol/program-output.ts";

const exit = (more: Partial<SandboxExit> = {}): SandboxExit => ({
  exitCode: 0,
  signal: null,
  reason: "exited",
  durationMs: 1,
  ...more,
});
const word = (more: Partial<ProgramWord> = {}): ProgramWord => ({ overlong: false, lastLines: "", ...more });

test("an error that was said counts more than an exit code of 0 and than a result", () => {
  const said = word({ error: "no", final: { type: "markdown", value: "yes" } });
  expect(programEnd(exit(), said, "python")).toMatchObject({ error: { code: "program_failed", message: "no" } });
});

test("an exit code counts more than a result; Python programs say their last lines", () => {
  const said = word({ final: { type: "markdown", value: "yes" }, lastLines: "oops" });
  const failed = exit({ exitCode: 2 });
  expect(programEnd(failed, said, "node")).toMatchObject({ error: { message: "Process exited with code 2" } });
  expect(programEnd(failed, said, "python")).toMatchObject({
    error: { message: "Process exited with code 2. Its last lines:\noops" },
  });
});

test("an event too long to be read fails the run", () => {
  expect(programEnd(exit(), word({ overlong: true }), "python")).toMatchObject({ error: { code: "program_limit" } });
});

test.each([
  [exit({ exitCode: 5 }), 5],
  [exit({ exitCode: null, signal: "SIGSEGV" }), 139],
  [exit({ exitCode: 137, signal: "SIGKILL" }), 137],
  [exit({ exitCode: null, reason: "timed-out" }), 124],
  [exit({ exitCode: null, reason: "cancelled" }), 130],
  [exit({ exitCode: null, reason: "out-of-memory" }), 137],
  [exit({ exitCode: null, reason: "failed-to-start" }), 126],
])("%j is written as %i", (given, code) => {
  expect(exitCodeOf(given)).toBe(code);
});
