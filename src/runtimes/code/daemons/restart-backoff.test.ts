import { expect, test } from "vitest";
import { RestartBackoff } from "./restart-backoff.ts";

test("each crash in a row waits twice as long, up to the last; a healthy minute begins anew", () => {
  const backoff = new RestartBackoff({ firstBackoffMs: 1000, lastBackoffMs: 60_000, healthyMs: 60_000 });
  const delays = [0, 10, 0, 59_999, 0, 0, 0, 0].map((livedMs) => backoff.afterCrash(livedMs));
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(backoff.afterCrash(60_000)).toBe(1000);
  expect(backoff.afterCrash(0)).toBe(2000);
});
