import { expect, test } from "vitest";
import { wordsOf } from "./search-memory.ts";

test("words are letters and digits of any script", () => {
  expect(wordsOf("What's the Café's Wi-Fi password?")).toEqual(["what", "s", "the", "café", "wi", "fi", "password"]);
  expect(wordsOf("東京タワー 2026年 हिन्दी")).toEqual(["東 京", "京 タ", "タ ワ", "ワ ー", "2026", "年", "हिन्दी"]);
});

test("signs of query languages are no words", () => {
  expect(wordsOf(`"a" OR b* NEAR(c, 2) & !d | <-> -- ' \\ :*`)).toEqual(["a", "or", "b", "near", "c", "2", "d"]);
  expect(wordsOf("!?* ()")).toEqual([]);
});

test("a word counts once, and 32 are enough", () => {
  expect(wordsOf("one One ONE two")).toEqual(["one", "two"]);
  expect(wordsOf(Array.from({ length: 50 }, (_, index) => `w${index}`).join(" "))).toHaveLength(32);
});
