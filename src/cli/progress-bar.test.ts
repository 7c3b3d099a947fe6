import { expect, test } from "vitest";
import { fakeTerminal } from "../../test/cli/fake-terminal.ts";
import { showProgress } from "./progress-bar.ts";

test("outside a terminal each quarter is one plain line", () => {
  const terminal = fakeTerminal();
  const progress = showProgress(terminal);
  for (let done = 0; done <= 100; done += 5) progress.update("model", done * 1_000_000, 100_000_000);
  progress.update("model", 99_000_000, 100_000_000);
  progress.finish();
  expect(terminal.errors()).toBe([0, 25, 50, 75, 100].map((percent) => `model ${percent} % of 100.0 MB\n`).join(""));
});

test("in a terminal one line is drawn again, at most ten times a second, and always at the end", () => {
  const terminal = fakeTerminal({ NO_COLOR: "1" }, { isTTY: true });
  let now = 0;
  const progress = showProgress(terminal, () => now);
  for (let done = 0; done <= 100; done += 1) {
    now += 10;
    progress.update("model", done, 100);
  }
  progress.finish();
  const draws = terminal.errors().split("\r").slice(1);
  expect(draws).toHaveLength(11);
  expect(draws[5]).toContain("████████████░░░░░░░░░░░░ 50 %");
  expect(terminal.errors()).toMatch(/█{24} 100 % of 0\.0 MB\n$/);
});

test("an unknown total shows how much has come", () => {
  const terminal = fakeTerminal();
  const progress = showProgress(terminal);
  progress.update("model", 1_000_000, undefined);
  progress.update("model", 2_000_000, undefined);
  progress.update("model", 40_000_000, undefined);
  expect(terminal.errors()).toBe("model 1.0 MB\nmodel 40.0 MB\n");
});
