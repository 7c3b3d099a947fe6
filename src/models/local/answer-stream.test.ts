import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerStream } from "./answer-stream.ts";

const readAll = (text: string, pieces: readonly number[]): string[] => {
  const stream = new AnswerStream();
  const cuts = [...new Set(pieces.map((piece) => piece % (text.length + 1)))].sort((left, right) => left - right);
  return [0, ...cuts].map((start, index) => stream.push(text.slice(start, [...cuts, text.length][index])));
};

describe("AnswerStream", () => {
  it("gives the text of any answer, however it is cut, and never half a character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        (answer, cuts, ascii) => {
          let json = JSON.stringify({ tool: "none", answer }, null, ascii ? 2 : 0);
          if (ascii) {
            json = json.replaceAll(
              /[\u0080-\uffff]/g,
              (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
            );
          }
          const deltas = readAll(json, ascii ? cuts : []);
          expect(deltas.join("")).toBe(answer);
          expect(deltas.filter((delta) => !delta.isWellFormed())).toEqual([]);
        },
      ),
    );
  });

  it("streams before the answer is whole", () => {
    const stream = new AnswerStream();
    expect(stream.push('{ "tool":"none","answer": "Hel')).toBe("Hel");
    expect(stream.push("lo\\")).toBe("lo");
    expect(stream.push('n!" }')).toBe("\n!");
    expect(stream.push("\n\n")).toBe("");
  });

  it("gives nothing for a tool call or an answer that is an object", () => {
    for (const text of ['{"tool":"calculator","arguments":{"answer":"x"}}', '{"tool":"none","answer":{"a":"b"}}']) {
      expect(new AnswerStream().push(text)).toBe("");
    }
  });
});
