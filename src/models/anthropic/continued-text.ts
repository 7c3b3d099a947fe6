/**
 * The start of a continued answer, fitted to text that was shown already. The white space that the shown text ends with
 * was not in the request; where the model says it again, it is dropped, so that both parts join without a seam.
 */
export class ContinuedText {
  #expected: string;

  constructor(omittedWhitespace: string) {
    this.#expected = omittedWhitespace;
  }

  /** What of the next delta is new; may be empty. */
  next(text: string): string {
    if (this.#expected === "") return text;
    let same = 0;
    while (same < text.length && same < this.#expected.length && text[same] === this.#expected[same]) same += 1;
    // The first character that differs ends the repetition; so does the end of what there is to repeat.
    this.#expected = same === text.length ? this.#expected.slice(same) : "";
    return text.slice(same);
  }
}
