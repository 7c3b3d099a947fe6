import fc from "fast-check";
import { expect, it } from "vitest";
import type { Statement } from "../../statement.ts";
import { decodeOutcomes, encodeOutcomes, UnitDecoder, UnitEncoder, type UnitOutcome } from "./group-message.ts";

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double({ noNaN: true }),
  fc.maxSafeInteger(),
  fc.constant(null),
  fc.uint8Array(),
);
const reference = fc.record({ statement: fc.nat(9), column: fc.string(), plus: fc.integer() });
const statement: fc.Arbitrary<Statement> = fc.record({
  sql: fc.oneof(fc.constantFrom("select 1", "select 2"), fc.string()),
  params: fc.array(fc.oneof(value, reference)),
  returnsRows: fc.boolean(),
  expectsRow: fc.boolean(),
  onlyAfter: fc.option(fc.nat(9), { nil: undefined }),
});

it("brings units over as they were, text by text and message by message", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.array(statement))), (messages) => {
      const encoder = new UnitEncoder();
      const decoder = new UnitDecoder();
      for (const units of messages) {
        expect(decoder.decode(structuredClone(encoder.encode(units)))).toEqual(units);
      }
    }),
  );
});

it("sends a text once, but for those past its bound", () => {
  const encoder = new UnitEncoder();
  const decoder = new UnitDecoder();
  const one = (sql: string): Statement[][] => [
    [{ sql, params: [], returnsRows: false, expectsRow: false, onlyAfter: undefined }],
  ];
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 1500; index += 1) {
      const message = encoder.encode(one(`select ${index}`));
      expect(message.includes(`select ${index}`)).toBe(round === 0 || index >= 1000);
      expect(decoder.decode(message)).toEqual(one(`select ${index}`));
    }
  }
});

it("brings outcomes over as they were", () => {
  const row = fc.record({ id: value, last_seq: value });
  const outcome: fc.Arbitrary<UnitOutcome> = fc.oneof(
    fc.record({ result: fc.array(fc.array(row)) }),
    fc.record({
      rejected: fc.record({
        statement: fc.nat(9),
        failure: fc.constantFrom("expectation" as const, "unique" as const, "foreign-key" as const),
      }),
    }),
    fc.record({ fault: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(outcome), (outcomes) => {
      expect(decodeOutcomes(structuredClone(encodeOutcomes(outcomes)))).toEqual(outcomes);
    }),
  );
});

it("refuses a message that is cut short", () => {
  const whole = new UnitEncoder().encode([[{ sql: "select ?", params: [1], returnsRows: true }]]);
  expect(() => new UnitDecoder().decode(whole.slice(0, 3))).toThrow(TypeError);
});
