import { describe, expect, test } from "vitest";
import { SaidLines } from "./said-lines.ts";

function read(chunks: readonly string[]): { output: string; said: string[] } {
  const lines = new SaidLines("tok");
  let output = "";
  const said: string[] = [];
  for (const chunk of chunks) {
    for (const part of lines.push(Buffer.from(chunk))) {
      if (part.type === "said") said.push(part.text);
      else output += part.bytes.toString();
    }
  }
  return { output, said };
}

describe("the lines of a runner", () => {
  test("are told from the program's, wherever the chunks end", () => {
    const whole = 'hello\nwor\ntok {"done":1}\ntokens are no token\n\ntok {"pong":2}\nend';
    const expected = { output: "hello\nwor\ntokens are no token\n\nend", said: ['{"done":1}', '{"pong":2}'] };
    expect(read([whole])).toEqual(expected);
    expect(read([...whole])).toEqual(expected);
  });

  test("do not hold back a line without end", () => {
    const lines = new SaidLines("tok");
    expect([...lines.push(Buffer.from("par"))]).toHaveLength(1);
    expect([...lines.push(Buffer.from("t tok {}\n"))]).toMatchObject([{ type: "output" }]);
  });

  test("are no said ones in the middle of a line, or without a space", () => {
    expect(read(["a tok {}\ntok\ntok{}\n"])).toEqual({ output: "a tok {}\ntok\ntok{}\n", said: [] });
  });

  test("that begin like one and never end are output", () => {
    const flood = `tok ${"x".repeat(1_100_000)}`;
    expect(read([flood, "\nnext\n"]).output).toBe(`${flood}\nnext\n`);
  });
});
