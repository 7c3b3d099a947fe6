import { expect, test } from "vitest";
import { readPeriod, renderPeriod } from "./period.ts";

test.each([
  ["7d", "7d"],
  ["24h", "24h"],
  ["30D", "30d"],
  ["2w", "14d"],
  ["3m", "90d"],
  ["1y", "365d"],
  ["all", "all"],
  ["", "7d"],
  ["0d", "7d"],
  ["-1d", "7d"],
  ["week", "7d"],
  ["99999999999d", "7d"],
])("%j means %s", (text, meaning) => {
  expect(renderPeriod(readPeriod(text))).toBe(meaning);
});
