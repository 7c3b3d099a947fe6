import { expect, it } from "vitest";
import { testLog } from "./__fixtures__/operations.ts";
import { FrameCache, type FrameChunk } from "./frame-cache.ts";

const textOf = (chunks: readonly FrameChunk[]) => Buffer.concat(chunks.map(({ bytes }) => bytes)).toString();

it("renders an event once, however many readers ask for it", () => {
  let rendered = 0;
  const frames = new FrameCache<undefined>((event) => {
    rendered += 1;
    return event.type === "execution-queued" ? undefined : `${event.seq};`;
  });
  const log = testLog("x", ["a", "b"]);
  const first = frames.chunks(log, undefined);
  expect(textOf(first)).toBe("2;3;4;");
  expect(frames.chunks(log.slice(), undefined)).toBe(first);
  expect(textOf(frames.chunks(log.slice(1), undefined))).toBe("2;3;4;");
  expect(rendered).toBe(4);
});

it("cuts a long batch into chunks between frames, and says how far each goes", () => {
  const frames = new FrameCache<undefined>((event) => (event.type === "text-delta" ? event.body.text : undefined));
  const text = "a".repeat(30_000);
  const chunks = frames.chunks(testLog("x", [text, text, text, "b".repeat(100_000)]), undefined);
  expect(chunks.map(({ bytes }) => bytes.length)).toEqual([60_000, 30_000, 100_000]);
  expect(chunks.map(({ lastSeq }) => lastSeq)).toEqual([3, 4, 5]);
});
