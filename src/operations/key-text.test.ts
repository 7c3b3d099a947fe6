import { expect, test } from "vitest";
import { createKeyText, hashKeyText, isMistyped, prefixOf } from "./key-text.ts";

test("a key says its environment, is long enough for 256 bits and fits a Bearer header", () => {
  for (const environment of ["live", "test"] as const) {
    const text = createKeyText(environment);
    expect(text).toMatch(new RegExp(`^ya_${environment}_sk_[0-9A-Za-z]{49}$`));
    expect(isMistyped(text)).toBe(false);
  }
  expect(createKeyText("live")).not.toBe(createKeyText("live"));
});

test("any changed character of a key is noticed, a key of another form is left to the look-up", () => {
  const text = createKeyText("live");
  for (let index = 11; index < text.length; index += 1) {
    const other = text[index] === "x" ? "y" : "x";
    expect(isMistyped(text.slice(0, index) + other + text.slice(index + 1))).toBe(true);
  }
  expect(isMistyped("chosen-by-an-operator")).toBe(false);
});

test("the prefix of a key is its first 16 characters, and never most of a short key", () => {
  const text = createKeyText("test");
  expect(prefixOf(text)).toBe(text.slice(0, 16));
  expect(prefixOf("0123456789abcdef")).toBe("01234");
});

test("the hash is SHA-256 in hex", () => {
  expect(hashKeyText("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
