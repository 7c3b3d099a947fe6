import { expect, test } from "vitest";
import type { ModelMessage, ModelPart, ModelRequest } from "./language-model.ts";
import { createTestModel } from "./test-model.ts";

async function ask(request: Partial<ModelRequest>) {
  const parts: ModelPart[] = [];
  const { signal } = new AbortController();
  for await (const part of createTestModel().stream({ system: [], messages: [], ...request }, { signal }))
    parts.push(part);
  return { parts, text: parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("") };
}

const user = (content: string): ModelMessage => ({ role: "user", content });
const weather = { name: "weather", description: "Tells the weather", parameters: { type: "object" } };

test("the same input gives the same answer in several pieces, with counted usage", async () => {
  const first = await ask({ system: ["Be brief."], messages: [user("hello  there, friend")] });
  expect(first.text).toBe("You said: hello  there, friend");
  expect(first.parts.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(3);
  expect(first.parts.at(-1)).toMatchObject({ type: "finish", reason: "stop", usage: { cacheReadTokens: 0 } });
  expect(await ask({ system: ["Be brief."], messages: [user("hello  there, friend")] })).toEqual(first);
});

test("lines that ask for calls of known tools become parallel calls", async () => {
  const { parts, text } = await ask({
    messages: [user('please\ncall weather {"city": "Oslo"}\ncall unknown {}\ncall weather')],
    tools: [weather],
  });
  expect(text).toBe("");
  expect(parts).toMatchObject([
    { type: "tool-call", call: { id: "call_1", name: "weather", input: { city: "Oslo" } } },
    { type: "tool-call", call: { id: "call_2", name: "weather", input: {} } },
    { type: "finish", reason: "tool-calls" },
  ]);
});

test("once the results are there they are the answer, failed ones as such", async () => {
  const { text } = await ask({
    messages: [
      user("call weather {}"),
      { role: "assistant", content: "", toolCalls: [] },
      { role: "tool", callId: "call_1", name: "weather", output: { sky: "blue" }, isError: false },
      { role: "tool", callId: "call_2", name: "weather", output: "no", isError: true },
    ],
    tools: [weather],
  });
  expect(text).toBe('weather answered: {"sky":"blue"}\nweather failed: "no"');
});

test("an answer that broke is gone on with from its end", async () => {
  const { text } = await ask({ messages: [user("one two"), { role: "assistant", content: "You said: one" }] });
  expect(text).toBe(" two");
});

test("an output schema gives the simplest JSON that fits", async () => {
  const { text } = await ask({
    messages: [user("x")],
    outputSchema: {
      type: "object",
      required: ["kind", "count", "tags", "when", "who"],
      properties: {
        kind: { enum: ["a", "b"] },
        count: { type: "integer", minimum: 3 },
        tags: { type: "array", items: { type: "string", minLength: 6 }, minItems: 1 },
        when: { type: "string", format: "date" },
        who: { $ref: "#/$defs/person" },
        more: { type: "string" },
      },
      $defs: { person: { type: "object", required: ["name"], properties: { name: { type: "string" } } } },
    },
  });
  expect(JSON.parse(text)).toEqual({
    kind: "a",
    count: 3,
    tags: ["textxx"],
    when: "2000-01-01",
    who: { name: "text" },
  });
});

test("a schema that holds itself ends", async () => {
  const node = { type: "object", required: ["next"], properties: { next: { $ref: "#" } } };
  expect((await ask({ messages: [user("x")], outputSchema: node })).text).toContain("next");
});

test("an aborted call ends as cancelled", async () => {
  const stream = createTestModel().stream({ system: [], messages: [user("x")] }, { signal: AbortSignal.abort() });
  await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: "cancelled" });
});
