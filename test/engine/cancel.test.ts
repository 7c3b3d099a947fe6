import { describe, expect, it } from "vitest";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { typesOf } from "../support/read-log.ts";
import { databaseKinds } from "../support/test-database.ts";

const by = { by: "test", reason: "enough" };

/** Works until it is told to stop. */
const heeds: Program = (ctx) =>
  ctx.step(
    "work",
    ({ signal }) =>
      new Promise<null>((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      }),
  );

describe.each(databaseKinds)("cancel on %s", (kind) => {
  it("ends what is queued", async () => {
    await using test = await startTestEngine(kind, { programs: { heeds }, run: false });
    const id = await test.start({ program: "heeds" });
    expect(await test.engine.cancel(id, by)).toBe("cancelled");
    const log = await test.end(id);
    expect(typesOf(log)).toEqual(["execution-queued", "cancel-requested", "execution-cancelled"]);
    expect(log.at(-1)?.body).toEqual({ reason: "enough" });
    await test.engine.run();
    expect(await test.log(id)).toEqual(log);
  });

  it("ends what waits", async () => {
    const program: Program = async (ctx) => (await ctx.wait("never", { until: Date.now() + 1e8 })) ?? null;
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, ({ type }) => type === "wait-started");
    expect(await test.engine.cancel(id, by)).toBe("cancelled");
    expect(typesOf(await test.end(id)).slice(-2)).toEqual(["cancel-requested", "execution-cancelled"]);
    expect(await test.engine.signal(id, "never")).toBe(false);
  });

  it("reaches a running step through its signal, and resolves once the log is complete", async () => {
    await using test = await startTestEngine(kind, { programs: { heeds } });
    const id = await test.start({ program: "heeds" });
    expect(await test.engine.cancel(id, by)).toBe("cancelled");
    const log = await test.log(id);
    expect(typesOf(log)).toEqual(["execution-queued", "attempt-started", "cancel-requested", "execution-cancelled"]);
    expect(await test.end(id)).toEqual(log);
    expect(test.engine.runningCount).toBe(0);
  });

  it("keeps what was shown until then", async () => {
    const shown = gate();
    const program: Program = (ctx) =>
      ctx.step("work", async (step) => {
        step.emit({ type: "text-delta", body: { text: "half an ans" } });
        await step.flush();
        step.emit({ type: "text-delta", body: { text: "wer" } });
        shown.open();
        await new Promise((_, reject) => step.signal.addEventListener("abort", () => reject(new Error("stopped"))));
        return null;
      });
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await shown.promise;
    await test.engine.cancel(id, by);
    const log = await test.end(id);
    const text = log.map((event) => (event.type === "text-delta" ? event.body.text : "")).join("");
    expect(text).toBe("half an answer");
  });

  it("ends an execution whose program does not heed the signal", async () => {
    const hold = gate();
    const stubborn: Program = (ctx) => ctx.step("work", () => hold.promise.then(() => "too late"));
    await using test = await startTestEngine(kind, { programs: { stubborn }, cancelGraceMs: 20 });
    const id = await test.start({ program: "stubborn" });
    expect(await test.engine.cancel(id, by)).toBe("cancelled");
    const log = await test.end(id);
    expect(test.engine.runningCount).toBe(0);
    hold.open();
    // What the program still tries comes to nothing.
    await test.end(await test.start({ program: "gone" }));
    expect(await test.log(id)).toEqual(log);
    expect(await test.status(id)).toBe("cancelled");
  });

  it("ends a wait that stands beside a step", async () => {
    const hold = gate();
    const both = gate();
    const program: Program = async (ctx) => {
      const waits = ctx.wait("never");
      const works = ctx.step("hold", () => {
        both.open();
        return hold.promise.then(() => null);
      });
      await Promise.all([waits, works]);
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program }, cancelGraceMs: 20 });
    const id = await test.start({ program: "program" });
    await both.promise;
    expect(await test.engine.cancel(id, by)).toBe("cancelled");
    hold.open();
  });

  it("leaves alone what has ended, and says so", async () => {
    const quick: Program = async () => 1;
    await using test = await startTestEngine(kind, { programs: { quick } });
    const id = await test.start({ program: "quick" });
    const log = await test.end(id);
    expect(await test.engine.cancel(id, by)).toBe("completed");
    expect(await test.log(id)).toEqual(log);
    expect(await test.engine.cancel(newId(), by)).toBeUndefined();
  });

  it("comes to one end however many ask, at whatever moment", async () => {
    const program: Program = async (ctx) => {
      for (let index = 0; index < 3; index += 1) await ctx.step(`work ${index}`, async () => null);
      await ctx.wait("nap", { until: ctx.acceptedAt + 1 });
      await ctx.step("last", async () => null);
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const id = await test.start({ program: "program" });
        for (let turn = 0; turn < index; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        const ends = await Promise.all([test.engine.cancel(id, by), test.engine.cancel(id, by)]);
        const log = await test.end(id);
        expect(log.filter(({ type }) => /^execution-(completed|failed|cancelled)$/.test(type))).toHaveLength(1);
        expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
        expect(`execution-${ends[0]}`).toBe(log.at(-1)?.type);
        expect(ends[1]).toBe(ends[0]);
      }),
    );
  });

  it("is carried out by the next process when this one died in between", async () => {
    const hold = gate();
    const stubborn: Program = async (ctx) => {
      await ctx.step("work", () => (ctx.attempt === 1 ? hold.promise.then(() => null) : Promise.resolve(null)));
      return "ran on";
    };
    await using test = await startTestEngine(kind, { programs: { stubborn }, cancelGraceMs: 60_000 });
    const id = await test.start({ program: "stubborn" });
    void test.engine.cancel(id, by);
    await test.event(id, ({ type }) => type === "cancel-requested");
    await test.crash();
    expect((await test.end(id)).at(-1)?.type).toBe("execution-cancelled");
    hold.open();
  });
});
