import { expect, it } from "vitest";
import { testLog } from "./__fixtures__/operations.ts";
import { FrameCache, type FrameChunk } from "./frame-cache.ts";

const textOf = ({ bytes }: FrameChunk) => bytes.toString();

it("renders an event once, however many readers ask for it", () => {
  let rendered = 0;
  const frames = new FrameCache<undefined>((event) => {
    rendered += 1;
    return event.type === "execution-queued" ? undefined : `${event.seq};`;
  });
  const log = testLog("x", ["a", "b"]);
  const first = frames.chunk(log, 0, undefined);
  expect(textOf(first)).toBe("2;3;4;");
  expect(frames.chunk(log.slice(), 0, undefined)).toBe(first);
  expect(textOf(frames.chunk(log.slice(1), 0, undefined))).toBe("2;3;4;");
  expect(textOf(frames.chunk(log.slice(0, 3), 0, undefined))).toBe("2;3;");
  expect(rendered).toBe(4);
});

it("cuts a long batch into chunks between frames, the same ones from wherever it is taken up", () => {
  const frames = new FrameCache<undefined>((event) => (event.type === "text-delta" ? event.body.text : undefined));
  const text = "a".repeat(30_000);
  const log = testLog("x", [text, text, text, "b".repeat(100_000)]);
  const lengths = [];
  for (let from = 0; from < log.length;) {
    const chunk = frames.chunk(log, from, undefined);
    expect(frames.chunk(log.slice(from), 0, undefined)).toBe(chunk);
    expect(frames.chunk(log.slice(0, from + chunk.events), from, undefined)).toBe(chunk);
    lengths.push([chunk.events, chunk.bytes.length]);
    from += chunk.events;
  }
  expect(lengths).toEqual([
    [3, 60_000],
    [1, 30_000],
    [2, 100_000],
  ]);
});
