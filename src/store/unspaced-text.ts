/**
 * The characters of scripts that are written without spaces, or with few: Han, kana, Hangul. Both databases take a whole
 * run of them for one word, so memory is indexed with each of them as a word of its own.
 *
 * @see https://www.unicode.org/charts/
 */
const ranges: readonly (readonly [number, number])[] = [
  [0x3005, 0x3007], // marks of repetition and zero
  [0x3040, 0x30ff], // Hiragana, Katakana
  [0x31f0, 0x31ff], // Katakana extensions
  [0x3400, 0x4dbf], // Han, extension A
  [0x4e00, 0x9fff], // Han
  [0xac00, 0xd7af], // Hangul
  [0xf900, 0xfaff], // Han, for compatibility
  [0xff66, 0xff9f], // halfwidth Katakana
  [0x20000, 0x323af], // Han, further extensions
];

/** As a class of a regular expression. @param spell how one character is written in it */
export function unspacedClass(spell: (codePoint: number) => string): string {
  return `[${ranges.map(([first, last]) => `${spell(first)}-${spell(last)}`).join("")}]`;
}

const ofJavaScript = unspacedClass((codePoint) => `\\u{${codePoint.toString(16)}}`);
const one = new RegExp(ofJavaScript, "gu");
const runs = new RegExp(`${ofJavaScript}+|[^${ofJavaScript.slice(1)}+`, "gu");

/** The text with spaces around each such character. */
export function spaceOut(text: string): string {
  return text.replaceAll(one, " $& ");
}

/**
 * What to look for to find parts of a word: of a run of such characters each two that stand together, as a phrase of the
 * index; whatever stands between runs as it is.
 */
export function searchedParts(word: string): string[] {
  return (word.match(runs) ?? []).flatMap((run) => {
    const characters = run.match(one);
    if (characters === null) return [run];
    if (characters.length === 1) return characters;
    return characters.slice(1).map((character, index) => `${characters[index]} ${character}`);
  });
}
