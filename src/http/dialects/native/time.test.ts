import { expect, it } from "vitest";
import { renderTime } from "./time.ts";

it("cuts times to the second, whichever was asked for before", () => {
  const at = Date.UTC(2026, 2, 15, 10, 30);
  expect([at, at + 999, at + 1000, at - 1, at].map(renderTime)).toEqual([
    "2026-03-15T10:30:00Z",
    "2026-03-15T10:30:00Z",
    "2026-03-15T10:30:01Z",
    "2026-03-15T10:29:59Z",
    "2026-03-15T10:30:00Z",
  ]);
});
