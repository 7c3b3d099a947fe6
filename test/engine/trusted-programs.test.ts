import { expect, it } from "vitest";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { databaseKinds } from "../support/test-database.ts";

it.each(databaseKinds)("a trusted program outlives deaths that make another one poison, on %s", async (kind) => {
  const hold = gate();
  const begun = Array.from({ length: 5 }, () => gate());
  const program: Program = async (ctx) =>
    ctx.step("long", async () => {
      begun[ctx.attempt - 1]?.open();
      if (ctx.attempt < 5) await hold.promise;
      return ctx.attempt;
    });
  await using test = await startTestEngine(kind, { run: false });
  test.engine.define("trusted", program, { isTrusted: true });
  await test.engine.run();
  const id = await test.start({ program: "trusted" });
  for (const { promise } of begun.slice(0, 4)) {
    await promise;
    await test.crash();
    test.engine.define("trusted", program, { isTrusted: true });
    await test.engine.run();
  }
  expect((await test.end(id)).at(-1)).toMatchObject({ type: "execution-completed", body: { output: 5 } });
  hold.open();
});
