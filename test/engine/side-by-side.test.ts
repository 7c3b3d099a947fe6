import { describe, expect, it } from "vitest";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { databaseKinds } from "../support/test-database.ts";

describe.each(databaseKinds)("steps side by side on %s", (kind) => {
  it.each(["first", "second"])(
    "see what they emitted before a death, also when the %s has ended later",
    async (fast) => {
      const open = gate();
      const seen: Record<string, string[]> = {};
      const program: Program = async (ctx) => {
        await ctx.step("before", () => Promise.resolve(null));
        const run = (name: string) =>
          ctx.step(name, async (step) => {
            (seen[`${name} ${ctx.attempt}`] ??= []).push(...step.earlier.map(({ type }) => type));
            step.emit({ type: "status-noted", body: { text: name } });
            await step.flush();
            if (name !== fast && ctx.attempt === 1) await open.promise;
            return name;
          });
        return (await Promise.all([run("first"), run("second")])).join();
      };
      await using test = await startTestEngine(kind, { programs: { program } });
      const id = await test.start({ program: "program" });
      await test.event(id, (event) => event.type === "step-finished" && event.body.name === fast);
      await test.crash();
      const log = await test.end(id);
      const slow = fast === "first" ? "second" : "first";
      expect(log.at(-1)).toMatchObject({ type: "execution-completed", attempt: 2 });
      expect(seen).toEqual({ "first 1": [], "second 1": [], [`${slow} 2`]: ["status-noted"] });
      open.open();
    },
  );
});
