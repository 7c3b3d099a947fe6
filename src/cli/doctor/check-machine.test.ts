import { expect, test } from "vitest";
import { checkDataDirectory, checkNode, checkSqlite, isAtLeast } from "./check-machine.ts";

test("versions are compared number by number", () => {
  expect(isAtLeast("24.15.0", [24, 15, 0])).toBe(true);
  expect(isAtLeast("24.9.9", [24, 15, 0])).toBe(false);
  expect(isAtLeast("v25", [24, 15, 0])).toBe(true);
  expect(isAtLeast("3.51.3", [3, 51, 3])).toBe(true);
  expect(isAtLeast("3.51.2", [3, 51, 3])).toBe(false);
});

test("an old Node.js is missing, with the way to a newer one", async () => {
  expect(checkNode("20.20.2")).toMatchObject({ state: "missing", remedy: expect.stringContaining("npm scripts") });
  expect(checkNode(process.versions.node).state).toBe("ok");
  expect((await checkSqlite()).state).toBe("ok");
});

test("a data directory under a file cannot be written", () => {
  expect(checkDataDirectory("package.json/data")).toMatchObject({ state: "missing" });
  expect(checkDataDirectory("not/there/yet")).toMatchObject({
    state: "ok",
    detail: expect.stringContaining("made at first start"),
  });
});
