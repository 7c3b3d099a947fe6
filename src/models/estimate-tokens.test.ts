import { expect, test } from "vitest";
import { estimateTokens } from "./estimate-tokens.ts";

test.each([
  ["", 0],
  ["hello wonderful", 3],
  ["a, b", 3],
  ["日本語", 3],
  ["  \n ", 0],
])("%j counts as %i", (text, tokens) => {
  expect(estimateTokens(text)).toBe(tokens);
});
