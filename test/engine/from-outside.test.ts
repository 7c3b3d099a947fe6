import { describe, expect, it } from "vitest";
import type { DomainEvent } from "../../src/contract/events.ts";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { typesOf } from "../support/read-log.ts";
import { databaseKinds } from "../support/test-database.ts";

const noted: DomainEvent = { type: "status-noted", body: { text: "half way" } };
const completed: DomainEvent = { type: "execution-completed", body: { output: "theirs" } };

describe.each(databaseKinds)("words from outside on %s", (kind) => {
  it("stand in the log of an execution in any state before its end", async () => {
    const begun = gate();
    const hold = gate();
    const program: Program = async (ctx) => {
      await ctx.step("work", async () => {
        begun.open();
        await hold.promise;
        return null;
      });
      return (await ctx.wait("answer")) ?? null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await begun.promise;
    expect(await test.engine.note(id, noted)).toBe(true);
    hold.open();
    await test.event(id, ({ type }) => type === "wait-started");
    expect(await test.engine.note(id, noted)).toBe(true);
    await test.engine.signal(id, "answer", 5);
    const log = await test.end(id);
    expect(typesOf(log)).toEqual([
      "execution-queued",
      "attempt-started",
      "status-noted",
      "step-finished",
      "wait-started",
      "status-noted",
      "signal-received",
      "attempt-started",
      "wait-finished",
      "execution-completed",
    ]);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(await test.engine.note(id, noted)).toBe(false);
    expect(await test.engine.note(newId(), noted)).toBe(false);
  });

  it("are not taken for the program's own when it is called again", async () => {
    const program: Program = async (ctx) => {
      ctx.emit({ type: "status-noted", body: { text: "mine" } });
      await ctx.wait("go");
      ctx.emit({ type: "status-noted", body: { text: "mine as well" } });
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, ({ type }) => type === "wait-started");
    await test.engine.note(id, noted);
    await test.crash();
    await test.engine.signal(id, "go");
    const texts = (await test.end(id)).flatMap((event) => (event.type === "status-noted" ? [event.body.text] : []));
    expect(texts).toEqual(["mine", "half way", "mine as well"]);
  });

  it("end what is queued, what waits and what runs, once", async () => {
    const stopped = gate();
    const begun = gate();
    const heeds: Program = (ctx) =>
      ctx.step("work", ({ signal }) => {
        begun.open();
        return new Promise<null>((_, reject) => {
          signal.addEventListener("abort", () => {
            stopped.open();
            reject(new Error("stopped"));
          });
        });
      });
    const waits: Program = async (ctx) => (await ctx.wait("never")) ?? null;
    await using test = await startTestEngine(kind, { programs: { heeds, waits } });
    const running = await test.start({ program: "heeds" });
    await begun.promise;
    expect(await test.engine.end(running, "completed", [noted, completed])).toBe(true);
    await stopped.promise;
    expect(typesOf(await test.end(running)).slice(-2)).toEqual(["status-noted", "execution-completed"]);
    expect(await test.status(running)).toBe("completed");
    expect(await test.engine.end(running, "completed", [completed])).toBe(false);
    expect(await test.engine.cancel(running, { by: "test" })).toBe("completed");

    const waiting = await test.start({ program: "waits" });
    await test.event(waiting, ({ type }) => type === "wait-started");
    expect(await test.engine.end(waiting, "completed", [completed])).toBe(true);
    expect(await test.engine.signal(waiting, "never")).toBe(false);
    expect(await test.engine.end(newId(), "completed", [completed])).toBe(false);

    await using idle = await startTestEngine(kind, { programs: { waits }, run: false });
    const queued = await idle.start({ program: "waits" });
    expect(await idle.engine.end(queued, "completed", [completed])).toBe(true);
    await idle.engine.run();
    expect(typesOf(await idle.log(queued))).toEqual(["execution-queued", "execution-completed"]);
  });
});
