import { expect, it } from "vitest";
import { testLog } from "./__fixtures__/operations.ts";
import { FrameCache } from "./frame-cache.ts";

it("renders an event once, however many readers ask for it", () => {
  let rendered = 0;
  const frames = new FrameCache<undefined>((event) => {
    rendered += 1;
    return event.type === "execution-queued" ? undefined : `${event.seq};`;
  });
  const log = testLog("x", ["a", "b"]);
  const first = frames.chunks(log, undefined);
  expect(Buffer.concat([...first]).toString()).toBe("2;3;4;");
  expect(frames.chunks(log.slice(), undefined)).toBe(first);
  expect(Buffer.concat([...frames.chunks(log.slice(1), undefined)]).toString()).toBe("2;3;4;");
  expect(rendered).toBe(4);
});

it("cuts a long batch into chunks between frames", () => {
  const frames = new FrameCache<undefined>((event) => (event.type === "text-delta" ? event.body.text : undefined));
  const text = "a".repeat(30_000);
  const chunks = frames.chunks(testLog("x", [text, text, text, "b".repeat(100_000)]), undefined);
  expect(chunks.map((chunk) => chunk.length)).toEqual([60_000, 30_000, 100_000]);
});
