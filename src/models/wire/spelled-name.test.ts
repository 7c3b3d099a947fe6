import { expect, test } from "vitest";
import { spellName } from "./spelled-name.ts";

test.each(["search", "Search-it_2", "a".repeat(64)])("%s stays as it is", (name) => {
  expect(spellName(name)).toBe(name);
});

test("other names become unlike each other, and the same each time", () => {
  const names = ["", "a.b", "a/b", "größe", "a".repeat(65), `${"a".repeat(65)}b`, "two words"];
  const spelled = names.map(spellName);
  expect(new Set(spelled).size).toBe(names.length);
  for (const name of spelled) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  expect(names.map(spellName)).toEqual(spelled);
});
