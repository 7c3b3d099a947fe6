import { expect, test } from "vitest";
import { describeError, redactFields, scrubSecrets } from "./redact.ts";

test("what a key-like name holds is hidden at any depth; figures about tokens stay", () => {
  const fields = {
    apiKey: "k1",
    headers: { Authorization: "Bearer k2", accept: "*/*" },
    list: [{ password: "k3" }, { inputTokens: 5 }],
    accessToken: "k4",
    usage: { totalTokens: 7, firstTokenMs: 3 },
  };
  expect(redactFields(fields)).toEqual({
    apiKey: "[redacted]",
    headers: { Authorization: "[redacted]", accept: "*/*" },
    list: [{ password: "[redacted]" }, { inputTokens: 5 }],
    accessToken: "[redacted]",
    usage: { totalTokens: 7, firstTokenMs: 3 },
  });
  expect(fields.apiKey).toBe("k1");
});

test("fields without anything to hide are passed on as they are", () => {
  const fields = { executionId: "e", nested: { list: [1, 2] } };
  expect(redactFields(fields)).toBe(fields);
});

test("a value that holds itself ends", () => {
  const fields: Record<string, unknown> = {};
  fields["self"] = fields;
  expect(JSON.stringify(redactFields(fields))).toContain("[deep]");
});

test.each([
  ["key ya_live_sk_abcdefgh12345678 refused", "key ya_live_sk_[redacted] refused"],
  ["Authorization: Bearer abcdefgh.ijkl-mn", "Authorization: Bearer [redacted]"],
  ["sk-ant-REDACTED", "sk-[redacted]"],
  ["postgres://user:hunter2@db:5432/x", "postgres://user:[redacted]@db:5432/x"],
  ["https://a.example/path?at=me@b.example", "https://a.example/path?at=me@b.example"],
])("%s becomes %s", (text, clean) => {
  expect(scrubSecrets(text)).toBe(clean);
});

test("an error is told by name, code, message, stack and cause, without its own properties", () => {
  const error = Object.assign(new TypeError("broken", { cause: new Error("inner") }), { request: { key: "k1" } });
  const told = JSON.stringify(describeError(error));
  expect(told).toContain("TypeError");
  expect(told).toContain("inner");
  expect(told).not.toContain("k1");
});
