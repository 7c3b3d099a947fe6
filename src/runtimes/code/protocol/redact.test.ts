import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "./redact.ts";

const key = "sk-abc123";

function inPieces(redactor: ReturnType<typeof createRedactor>, pieces: readonly string[]): string {
  const stream = redactor.stream();
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

test("values of more than five characters are replaced by their names, shorter ones stay", () => {
  const redactor = createRedactor({ KEY: key, PIN: "12345", LONG: "123456" });
  expect(redactor.text(`use ${key}, ${key}! 12345 and 123456`)).toBe(
    "use [KEY_REDACTED], [KEY_REDACTED]! 12345 and [LONG_REDACTED]",
  );
});

test("a secret in another one gives way to the longer, and overlapping ones go together", () => {
  const redactor = createRedactor({ SHORT: "password", LONG: "password123", OTHER: "123456789x" });
  expect(redactor.text("password123 password")).toBe("[LONG_REDACTED] [SHORT_REDACTED]");
  expect(redactor.text("<password123456789x>")).toBe("<[LONG_REDACTED]>");
});

test("two short secrets inside one long are all covered by it, though they are found first", () => {
  const redactor = createRedactor({ A: "bcdefg", B: "hijklm", LONG: "abcdefghijklmn" });
  expect(redactor.text("-abcdefghijklmn-")).toBe("-[LONG_REDACTED]-");
  expect(inPieces(redactor, ["-abcdefg", "hijklm", "n-"])).toBe("-[LONG_REDACTED]-");
  expect(inPieces(redactor, ["-abcdefg", "hijklm", "-"])).toBe("-a[A_REDACTED][B_REDACTED]-");
});

test("what JSON makes of a secret is found as well", () => {
  const secret = 'a"b\\c\nü-secret';
  const redactor = createRedactor({ KEY: secret });
  expect(redactor.text(JSON.stringify({ secret }))).toBe('{"secret":"[KEY_REDACTED]"}');
  expect(redactor.text('"a\\"b\\\\c\\n\\u00fc-secret"')).toBe('"[KEY_REDACTED]"');
});

test("nested values lose secrets in strings and keys, and too deep ones are refused", () => {
  const redactor = createRedactor({ KEY: key });
  expect(redactor.value({ list: [1, null, { [`a ${key}`]: `${key}.` }] })).toEqual({
    list: [1, null, { "a [KEY_REDACTED]": "[KEY_REDACTED]." }],
  });
  let deep: unknown[] = [];
  for (let level = 0; level < 300; level += 1) deep = [deep];
  expect(() => redactor.value(JSON.parse(JSON.stringify(deep)))).toThrow(RangeError);
});

test("a key __proto__ stays a key", () => {
  const value = JSON.parse('{"__proto__":"x"}');
  expect(JSON.stringify(createRedactor({ KEY: key }).value(value))).toBe('{"__proto__":"x"}');
});

test("a piece is shown at once but for what could begin a secret", () => {
  const stream = createRedactor({ KEY: key }).stream();
  expect(stream.push("hello sk-ab")).toBe("hello ");
  expect(stream.push("c12")).toBe("");
  expect(stream.push("9 sk-abc123")).toBe("sk-abc129 [KEY_REDACTED]");
  expect(stream.push("sk")).toBe("");
  expect(stream.end()).toBe("sk");
});

test("however a text is cut, the pieces give what the whole gives, and no secret is left", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 60 });
  const secret = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 6, maxLength: 9 });
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      letters,
      letters,
      fc.array(fc.nat(120)),
      (secrets, before, after, cuts) => {
        const redactor = createRedactor(Object.fromEntries(secrets.map((value, index) => [`S${index}`, value])));
        const text = `${before}${secrets[0] ?? ""}${after}`;
        const at = [0, ...cuts.filter((cut) => cut < text.length), text.length].toSorted((one, other) => one - other);
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
        const shown = redactor.text(text);
        expect(inPieces(redactor, pieces)).toBe(shown);
        for (const value of secrets) expect(shown).not.toContain(value);
      },
    ),
    { numRuns: 300 },
  );
});

test("secrets and texts that repeat themselves cost no more than others", () => {
  const redactor = createRedactor({ SLOW: `${"a".repeat(50_000)}b`, QUICK: "aaaaaa" });
  const stream = redactor.stream();
  let shown = "";
  for (let count = 0; count < 200; count += 1) shown += stream.push("a".repeat(10_000));
  expect(shown + stream.end()).toBe("[QUICK_REDACTED]");
});
