import { validate, version } from "uuid";
import { expect, test } from "vitest";
import { newId } from "../contract/ids.ts";
import { deriveId } from "./derive-id.ts";

test("a derived id is a UUIDv7 with the time of its origin", () => {
  const origin = newId();
  const derived = deriveId(origin, "webhook");
  expect(validate(derived)).toBe(true);
  expect(version(derived)).toBe(7);
  expect(derived.slice(0, 13)).toBe(origin.slice(0, 13));
  expect(derived).not.toBe(origin);
});

test("the same origin and purpose always give the same id, another purpose another", () => {
  const origin = newId();
  expect(deriveId(origin, "a", "b")).toBe(deriveId(origin, "a", "b"));
  expect(deriveId(origin, "a", "b")).not.toBe(deriveId(origin, "ab"));
  expect(deriveId(origin, "a")).not.toBe(deriveId(newId(), "a"));
});
