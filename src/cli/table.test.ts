import { expect, test } from "vitest";
import { renderFields, renderTable, shorten } from "./table.ts";

test("columns are as wide as their widest cell, and cells stay on their line", () => {
  expect(
    renderTable(
      ["id", "name"],
      [
        ["1", "a\nb"],
        ["100", "c"],
      ],
      "None.",
    ),
  ).toBe("ID   NAME\n1    a b\n100  c");
  expect(renderTable(["id"], [], "None.")).toBe("None.");
});

test("fields are aligned, null shows as none and undefined not at all", () => {
  expect(renderFields({ id: "x", limit: null, left: undefined, count: 0 })).toBe("id:    x\nlimit: none\ncount: 0");
});

test("a long text is cut with an ellipsis", () => {
  expect(shorten("one  two\nthree", 8)).toBe("one two…");
  expect(shorten("short", 8)).toBe("short");
});
