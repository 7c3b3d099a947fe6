import { describe, expect, it } from "vitest";
import { newId, spellId } from "../../../contract/ids.ts";
import { readPage, renderPage } from "./page.ts";

const [oldest, middle, newest] = [{ id: newId() }, { id: newId() }, { id: newId() }];
const spell = (item: { id: string }) => spellId("agent", item.id);

describe("readPage", () => {
  it("reads a cursor of the list's own kind", () => {
    expect(readPage("agent", { limit: 20 })).toEqual({ limit: 20 });
    expect(readPage("agent", { limit: 5, after: spell(oldest) })).toEqual({ limit: 5, after: oldest.id });
    expect(readPage("organization", { limit: 5, before: oldest.id.toUpperCase() })).toEqual({
      limit: 5,
      before: oldest.id,
    });
  });

  it.each([
    [{ after: "agt_short" }, "after"],
    [{ before: spellId("execution", oldest.id) }, "before"],
    [{ after: spell(oldest), before: spell(newest) }, "before"],
  ])("refuses %j", (query, param) => {
    expect(() => readPage("agent", { limit: 20, ...query })).toThrow(
      expect.objectContaining({ code: "invalid_field_value", param }),
    );
  });
});

describe("renderPage", () => {
  const items = [newest, middle, oldest];

  it("points to the last item going back in time and to the first coming forward", () => {
    const page = { items, hasMore: true };
    expect(renderPage("agent", { limit: 3 }, page, spell)).toEqual({
      data: items.map(spell),
      hasMore: true,
      nextCursor: spell(oldest),
    });
    expect(renderPage("agent", { limit: 3, before: newId() }, page, spell).nextCursor).toBe(spell(newest));
  });

  it("has no cursor on the last page", () => {
    expect(renderPage("agent", { limit: 3 }, { items, hasMore: false }, spell)).not.toHaveProperty("nextCursor");
    expect(renderPage("agent", { limit: 3 }, { items: [], hasMore: false }, spell)).toEqual({
      data: [],
      hasMore: false,
    });
  });
});
