import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { DomainEvent } from "../../contract/events.ts";
import { createRedactor } from "./protocol/redact.ts";
import { RunOutput } from "./run-output.ts";

function startOutput(): { output: RunOutput; events: DomainEvent[]; flushes: () => number } {
  const events: DomainEvent[] = [];
  let flushes = 0;
  const step = {
    emit: (event: DomainEvent) => void events.push(event),
    flush: async () => void (flushes += 1),
  };
  const output = new RunOutput({ step, redactor: createRedactor({}), family: "python", throughCharm: false });
  return { output, events, flushes: () => flushes };
}

const line = (event: object): Buffer => Buffer.from(`__CHARM_EVENT__${JSON.stringify(event)}\n`);

test("lines may come in any pieces, from both outputs in turn, and without an end", () => {
  const { output, events } = startOutput();
  const [one, two] = [line({ type: "status", content: "größer" }), line({ type: "status", content: "two" })];
  const inCharacter = one.indexOf("ö") + 1;
  expect(output.take(one.subarray(0, inCharacter), "stdout")).toBeUndefined();
  expect(events).toEqual([]);
  expect(output.take(two, "stderr")).toBeUndefined();
  expect(output.take(one.subarray(inCharacter), "stdout")).toBeUndefined();
  expect(output.take(Buffer.from("the last"), "stdout")).toBeUndefined();
  expect(output.end().lastLines).toBe("the last");
  expect(events).toEqual([
    { type: "status-noted", body: { text: "two" } },
    { type: "status-noted", body: { text: "größer" } },
    { type: "reasoning-delta", body: { text: "the last\n" } },
  ]);
});

test("an output that ends without a line end has said its last before the other one goes on", async () => {
  const { output, events } = startOutput();
  await output.read(Readable.from([Buffer.from("first")]), "stderr");
  await output.read(Readable.from([Buffer.from("second\n")]), "stdout");
  output.end();
  expect(events.map(({ body }) => body)).toEqual([{ text: "first\n" }, { text: "second\n" }]);
});

test.each([
  ["500 events", line({ type: "status", content: "." }), 499],
  ["512 Ki characters", line({ type: "delta", content: "x".repeat(64 * 1024) }), 7],
])("a program that has said %s waits until they are stored, again and again", async (_what, chunk, without) => {
  const { output, flushes } = startOutput();
  for (const round of [1, 2]) {
    for (let count = 0; count < without; count += 1) expect(output.take(chunk, "stdout")).toBeUndefined();
    await output.take(chunk, "stdout");
    expect(flushes()).toBe(round);
  }
});
