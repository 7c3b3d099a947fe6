import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Buffer[], maxLineBytes = 1000): { text: string; cut: boolean }[] {
  const splitter = new LineSplitter(maxLineBytes);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

test("lines are the same however the bytes are cut, within a character too", () => {
  const bytes = Buffer.from("één\n\n⚙ 🙂\nlast");
  const whole = split([bytes]).map(({ text }) => text);
  expect(whole).toEqual(["één", "", "⚙ 🙂", "last"]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(split([bytes.subarray(0, cut), bytes.subarray(cut)]).map(({ text }) => text)).toEqual(whole);
  }
});

test("a line longer than the limit is cut and says so, the next one is whole", () => {
  expect(split([Buffer.from("abcdefgh"), Buffer.from("ijkl\nnext\n")], 5)).toEqual([
    { text: "abcde", cut: true },
    { text: "next", cut: false },
  ]);
});

test("bytes that are no UTF-8 are replaced", () => {
  expect(split([Buffer.from([0x61, 0xff, 0x62, 0x0a])])).toEqual([{ text: "a\ufffdb", cut: false }]);
});
