import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeSettings } from "./describe-settings.ts";
import { allSettings } from "./settings.ts";

test("docs/settings.md is what the schema says; else run `node scripts/write-settings-doc.ts`", () => {
  expect(readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8")).toBe(describeSettings());
});

test("no two settings share a variable or a flag, and a secret has no flag", () => {
  const variables = allSettings.flatMap((setting) => setting.env ?? []);
  expect(new Set(variables).size).toBe(variables.length);
  const flags = allSettings.flatMap((setting) => setting.flag ?? []);
  expect(new Set(flags).size).toBe(flags.length);
  expect(allSettings.filter((setting) => setting.secret === true && setting.flag !== undefined)).toEqual([]);
});
