import { expect, test } from "vitest";
import { closestName } from "./closest-name.ts";

test.each([
  ["prot", "port"],
  ["PORT", "port"],
  ["databseUrl", "databaseUrl"],
  ["hosts", "host"],
])("%s is taken for %s", (written, meant) => {
  expect(closestName(written, ["host", "port", "databaseUrl"])).toBe(meant);
});

test("a name that is far from all is taken for none", () => {
  expect(closestName("colour", ["host", "port", "databaseUrl"])).toBeUndefined();
});
