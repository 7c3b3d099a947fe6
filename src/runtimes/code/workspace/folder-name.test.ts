import { expect, test } from "vitest";
import { folderName } from "./folder-name.ts";

test("plain names stay as they are, all else is escaped", () => {
  expect(["user-1", "a.b_c@d+e", "..", ".", "", "a/../b", ".git", "ü %", "a\0b", "C:\\x"].map(folderName)).toEqual([
    "user-1",
    "a.b_c@d+e",
    "%2E.",
    "%2E",
    "%",
    "a%2F..%2Fb",
    "%2Egit",
    "%C3%BC%20%25",
    "a%00b",
    "C%3A%5Cx",
  ]);
});

test("long names are cut to what a file system takes, and stay apart", () => {
  const names = ["a".repeat(255), "a".repeat(256), "a".repeat(257), "ü".repeat(100), `${"ü".repeat(100)}x`];
  const folders = names.map(folderName);
  expect(new Set(folders).size).toBe(names.length);
  for (const name of folders) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
});
