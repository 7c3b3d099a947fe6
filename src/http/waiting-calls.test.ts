import { expect, test } from "vitest";
import { WaitingCalls } from "./waiting-calls.ts";

test("calls that wait are given up when the server closes, those that have ended are not", () => {
  const closing = new AbortController();
  const calls = new WaitingCalls(closing.signal);
  const waiting = [new AbortController(), new AbortController()];
  const ended = new AbortController();
  for (const controller of [...waiting, ended]) calls.add(controller);
  calls.delete(ended);
  expect(waiting.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  closing.abort();
  expect(waiting.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(ended.signal.aborted).toBe(false);
});
