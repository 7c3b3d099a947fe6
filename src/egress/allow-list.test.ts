import { expect, test } from "vitest";
import { allowedHostOf, createAllowList } from "./allow-list.ts";

test("an entry allows its host on its port only", () => {
  const list = createAllowList(["Internal.Example:8080", "10.0.0.5:*", "[fd00::1]:443"]);
  expect(list.allows("internal.example", 8080)).toBe(true);
  expect(list.allows("internal.example.", 8080)).toBe(true);
  expect(list.allows("internal.example", 8081)).toBe(false);
  expect(list.allows("other.internal.example", 8080)).toBe(false);
  expect(list.allows("10.0.0.5", 1)).toBe(true);
  expect(list.allows("10.0.0.6", 1)).toBe(false);
  expect(list.allows("fd00:0::1", 443)).toBe(true);
  expect(list.allows("fd00::1", 80)).toBe(false);
});

test("an entry for an IPv4 address covers its mapped spelling", () => {
  expect(createAllowList(["127.0.0.1:80"]).allows("::ffff:7f00:1", 80)).toBe(true);
});

test.each(["internal.example", "internal.example:", "internal.example:99999", "*:80", "http://a:80", "a b:80", ""])(
  "the entry %j is refused by name",
  (entry) => {
    expect(() => createAllowList([entry])).toThrow(`got "${entry}"`);
  },
);

test.each([
  ["http://127.0.0.1:11434/v1", "127.0.0.1:11434"],
  ["https://models.example/v1", "models.example:443"],
  ["http://[::1]:8000", "[::1]:8000"],
])("the base URL %s becomes the entry %s", (url, entry) => {
  expect(allowedHostOf(url)).toBe(entry);
  expect(() => createAllowList([entry])).not.toThrow();
});
