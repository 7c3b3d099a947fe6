import { expect, describe, it } from "vitest";
import type { Program } from "../../src/engine/program.ts";
import { databaseKinds } from "../support/test-database.ts";
import { startTestEngine } from "../support/engine.ts";

describe.each(databaseKinds)("a step that is the program's last, on %s", (kind) => {
  it("ends the execution in its own commit, with everything it emitted before the end", async () => {
    const program: Program = async (ctx) => {
      const first = await ctx.step("first", () => Promise.resolve(1), { end: () => undefined });
      return ctx.step(
        "last",
        (step) => {
          step.emit({ type: "text-delta", body: { text: "done" } });
          return Promise.resolve(first + 1);
        },
        { end: (result) => ({ output: result ?? null }) },
      );
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.end(id);
    const log = await test.log(id);
    expect(log.map(({ type }) => type)).toEqual([
      "execution-queued",
      "attempt-started",
      "step-finished",
      "text-delta",
      "execution-completed",
    ]);
    expect(log.at(-1)?.body).toEqual({ output: 2 });
    expect(await test.status(id)).toBe("completed");
  });

  it("is an ordinary step while another is under way beside it", async () => {
    const gate = Promise.withResolvers<number>();
    const program: Program = async (ctx) => {
      const slow = ctx.step("slow", () => gate.promise);
      const quick = ctx.step("quick", () => Promise.resolve(1), { end: () => ({ output: "too soon" }) });
      const one = await quick;
      gate.resolve(2);
      return [one, await slow];
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.end(id);
    expect((await test.log(id)).at(-1)?.body).toEqual({ output: [1, 2] });
  });
});
