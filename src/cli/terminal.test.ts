import { expect, test } from "vitest";
import { forTerminal, styler } from "./terminal.ts";

test("colour only in a terminal, and not with NO_COLOR or a dumb one", () => {
  expect(styler({ isTTY: true }, {})("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(styler({ isTTY: true }, { NO_COLOR: "" })("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(styler({ isTTY: true }, { NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(styler({ isTTY: true }, { TERM: "dumb" })("red", "x")).toBe("x");
  expect(styler({}, {})("red", "x")).toBe("x");
});

test("a model's control characters do not reach a terminal, but do reach a pipe", () => {
  const text = "a\u001b[2Jb\u009bc\r\n\td\u0007é";
  expect(forTerminal({ isTTY: true }, text)).toBe("a[2Jbc\n\tdé");
  expect(forTerminal({}, text)).toBe(text);
});
