import { validate, version } from "uuid";
import { expect, test } from "vitest";
import { newId, readId, spellId } from "./ids.ts";

test("ids are UUIDs of version 7 that sort in the order they were made", () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids.slice(0, 100)) {
    expect(validate(id)).toBe(true);
    expect(version(id)).toBe(7);
  }
  const madeAt = Number.parseInt((ids[0] ?? "").replace("-", "").slice(0, 12), 16);
  expect(Math.abs(Date.now() - madeAt)).toBeLessThan(60_000);
});

test("a spelled id reads back, sorts as the id does, and nothing else reads", () => {
  const ids = Array.from({ length: 100 }, newId);
  const spelled = ids.map((id) => spellId("execution", id));
  expect(spelled.toSorted()).toEqual(spelled);
  expect(spelled.map((text) => readId("execution", text))).toEqual(ids);
  expect(spelled[0]).toMatch(/^exec_[0-9a-hjkmnp-tv-z]{26}$/);
  const [text = ""] = spelled;
  for (const wrong of [text.replace("exec_", "agt_"), text.slice(0, -1), `${text}0`, text.toUpperCase(), "exec_", ""]) {
    expect(readId("execution", wrong)).toBeUndefined();
  }
  expect(readId("execution", `exec_${"z".repeat(26)}`)).toBeUndefined();
});
