import { describe, expect, it } from "vitest";
import { RunyardError } from "../../src/contract/errors.ts";
import { newId } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { databaseKinds } from "../support/test-database.ts";
import { joinedText, typesOf } from "../support/read-log.ts";

describe.each(databaseKinds)("steps on %s", (kind) => {
  it("run once, their results come from the journal after a death", async () => {
    const runs: string[] = [];
    const open = gate();
    const program: Program = async (ctx) => {
      const one = await ctx.step("one", async () => {
        runs.push("one");
        return { made: runs.length };
      });
      await ctx.step("nothing", async () => {
        runs.push("nothing");
        return undefined;
      });
      await ctx.step("three", async ({ key }) => {
        runs.push(`three ${key.split(":")[1]}`);
        if (ctx.attempt === 1) await open.promise;
        return null;
      });
      return one;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, (event) => event.type === "step-finished" && event.body.name === "nothing");
    await test.crash();
    const log = await test.end(id);
    expect(runs).toEqual(["one", "nothing", "three 3", "three 3"]);
    expect(log.at(-1)).toMatchObject({ type: "execution-completed", body: { output: { made: 1 } }, attempt: 2 });
    expect(log.filter(({ type }) => type === "attempt-started").map(({ body }) => body)).toEqual([
      { attempt: 1, reason: "first" },
      { attempt: 2, reason: "recovered" },
    ]);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    open.open();
  });

  it("that failed fail again from the journal, by the same error", async () => {
    let runs = 0;
    const seen: unknown[] = [];
    const last = gate();
    const program: Program = async (ctx) => {
      try {
        await ctx.step("fails", async () => {
          runs += 1;
          throw new RunyardError("tool_error", "the tool is broken");
        });
      } catch (error) {
        seen.push(error instanceof RunyardError ? [error.code, error.message, error.retryable] : error);
      }
      await ctx.step("last", async () => {
        if (ctx.attempt === 1) await last.promise;
        return null;
      });
      return "went on";
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, (event) => event.type === "step-finished");
    await test.crash();
    expect((await test.end(id)).at(-1)).toMatchObject({ type: "execution-completed", body: { output: "went on" } });
    expect(runs).toBe(1);
    expect(seen).toEqual([
      ["tool_error", "the tool is broken", false],
      ["tool_error", "the tool is broken", false],
    ]);
    last.open();
  });

  it("fail the execution when the program does not catch what they threw", async () => {
    const program: Program = (ctx) =>
      ctx.step("fails", () => Promise.reject(new RunyardError("model_refused", "no such model")));
    const strange: Program = (ctx) => ctx.step("fails", () => Promise.reject(new TypeError("secret detail")));
    const faults: unknown[] = [];
    await using test = await startTestEngine(kind, {
      programs: { program, strange },
      hooks: { alongside: () => [], programFailed: (_, error) => faults.push(error) },
    });
    const log = await test.end(await test.start({ program: "program" }));
    expect(log.at(-1)).toMatchObject({
      type: "execution-failed",
      body: { error: { code: "model_refused", message: "no such model" } },
    });
    const other = await test.end(await test.start({ program: "strange" }));
    expect(other.at(-1)).toMatchObject({ type: "execution-failed", body: { error: { code: "internal_error" } } });
    expect(JSON.stringify(other)).not.toContain("secret detail");
    expect(faults).toEqual([new TypeError("secret detail")]);
  });

  it("of another name than the journal holds fail the execution loudly", async () => {
    const last = gate();
    const program: Program = async (ctx) => {
      await ctx.step(ctx.attempt === 1 ? "one way" : "another way", async () => null);
      await ctx.step("last", () => last.promise.then(() => null));
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, (event) => event.type === "step-finished");
    await test.crash();
    const end = (await test.end(id)).at(-1);
    expect(end).toMatchObject({ type: "execution-failed", body: { error: { code: "journal_mismatch" } } });
    expect(JSON.stringify(end)).toContain("one way");
    last.open();
  });

  it("are tried again after a retryable error, and say so in the log", async () => {
    const tries: number[] = [];
    const program: Program = (ctx) =>
      ctx.step(
        "flaky",
        async (step) => {
          tries.push(step.try);
          if (step.try < 3) throw new RunyardError("model_unavailable", "busy");
          return "at last";
        },
        { retry: { tries: 3, initialMs: 1, maxMs: 2 } },
      );
    await using test = await startTestEngine(kind, { programs: { program } });
    const log = await test.end(await test.start({ program: "program" }));
    expect(tries).toEqual([1, 2, 3]);
    expect(log.at(-1)).toMatchObject({ type: "execution-completed", body: { output: "at last" } });
    const retries = log.flatMap((event) => (event.type === "retry-scheduled" ? [event] : []));
    expect(retries.map(({ body }) => body.error.code)).toEqual(["model_unavailable", "model_unavailable"]);
    const started = log[0]?.at ?? Number.NaN;
    for (const { body } of retries) expect(body.at).toBeGreaterThanOrEqual(started);
  });

  it("are not tried again after an error that no retry can help, nor past the last try", async () => {
    let tries = 0;
    const failing = (code: "model_refused" | "model_unavailable"): Program => {
      return (ctx) =>
        ctx.step(
          "flaky",
          async () => {
            tries += 1;
            throw new RunyardError(code, "no");
          },
          { retry: { tries: 3, initialMs: 1, maxMs: 1 } },
        );
    };
    const programs = { refused: failing("model_refused"), unavailable: failing("model_unavailable") };
    await using test = await startTestEngine(kind, { programs });
    await test.end(await test.start({ program: "refused" }));
    expect(tries).toBe(1);
    const log = await test.end(await test.start({ program: "unavailable" }));
    expect(tries).toBe(4);
    expect(log.at(-1)).toMatchObject({ body: { error: { code: "model_unavailable" } } });
  });

  it("side by side each keep their own number and result", async () => {
    const program: Program = async (ctx) =>
      Promise.all(Array.from({ length: 20 }, (_, index) => ctx.step(`part ${index}`, async () => index)));
    await using test = await startTestEngine(kind, { programs: { program } });
    const log = await test.end(await test.start({ program: "program" }));
    expect(log.at(-1)).toMatchObject({ body: { output: Array.from({ length: 20 }, (_, index) => index) } });
  });

  it("see what they emitted before a death, and the log says it once", async () => {
    const earlier: string[] = [];
    const shown = gate();
    const program: Program = async (ctx) => {
      ctx.emit({ type: "status-noted", body: { text: "begin" } });
      const text = await ctx.step("answer", async (step) => {
        const before = step.earlier.map((event) => (event.type === "text-delta" ? event.body.text : "")).join("");
        earlier.push(before);
        const words = ["a", "b", "c", "d"].slice(before.length);
        for (const word of words) {
          step.emit({ type: "text-delta", body: { text: word } });
          if (ctx.attempt === 1 && word === "b") {
            await step.flush();
            await shown.promise;
          }
        }
        return before + words.join("");
      });
      ctx.emit({ type: "status-noted", body: { text: "after" } });
      await ctx.step("last", async () => null);
      return text;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, (event) => event.type === "text-delta" && event.body.text.endsWith("b"));
    await test.crash();
    const log = await test.end(id);
    expect(earlier).toEqual(["", "ab"]);
    expect(joinedText(log)).toBe("abcd");
    expect(log.at(-1)).toMatchObject({ body: { output: "abcd" } });
    expect(log.filter(({ type }) => type === "status-noted").map(({ body }) => body)).toEqual([
      { text: "begin" },
      { text: "after" },
    ]);
    shown.open();
  });

  it("see in a second try what the first emitted", async () => {
    const program: Program = (ctx) =>
      ctx.step(
        "answer",
        async (step) => {
          if (step.try === 2) return step.earlier.map(({ type }) => type);
          step.emit({ type: "text-delta", body: { text: "half" } });
          throw new RunyardError("model_unavailable", "cut");
        },
        { retry: { tries: 2, initialMs: 1, maxMs: 1 } },
      );
    await using test = await startTestEngine(kind, { programs: { program } });
    const log = await test.end(await test.start({ program: "program" }));
    expect(log.at(-1)).toMatchObject({ body: { output: ["text-delta"] } });
  });

  it("leave events outside them once in the log, wherever the process died", async () => {
    const hold = [gate(), gate(), gate()];
    const program: Program = async (ctx) => {
      ctx.emit({ type: "status-noted", body: { text: "1" } });
      await ctx.step("one", async () => null);
      ctx.emit({ type: "status-noted", body: { text: "2" } });
      ctx.emit({ type: "status-noted", body: { text: "3" } });
      await hold[ctx.attempt - 1]?.promise;
      ctx.emit({ type: "status-noted", body: { text: "4" } });
      const two = ctx.step("two", async () => {
        await hold[ctx.attempt]?.promise;
        return null;
      });
      ctx.emit({ type: "status-noted", body: { text: "5" } });
      await two;
      ctx.emit({ type: "status-noted", body: { text: "6" } });
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    await test.event(id, (event) => event.type === "status-noted" && event.body.text === "3");
    await test.crash();
    hold[1]?.open();
    await test.event(id, (event) => event.type === "status-noted" && event.body.text === "5");
    await test.crash();
    hold[2]?.open();
    const log = await test.end(id);
    const texts = log.flatMap((event) => (event.type === "status-noted" ? [event.body.text] : []));
    expect(texts).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("join deltas that come quickly, without changing the text", async () => {
    const words = Array.from({ length: 500 }, (_, index) => `word ${index} ✓ `);
    const program: Program = (ctx) =>
      ctx.step("answer", async (step) => {
        for (const [index, text] of words.entries()) {
          step.emit({ type: index % 100 === 50 ? "reasoning-delta" : "text-delta", body: { text } });
          if (index % 90 === 0) await step.flush();
        }
        return null;
      });
    await using test = await startTestEngine(kind, { programs: { program } });
    const log = await test.end(await test.start({ program: "program" }));
    expect(joinedText(log)).toBe(words.filter((_, index) => index % 100 !== 50).join(""));
    expect(joinedText(log, "reasoning-delta")).toBe(words.filter((_, index) => index % 100 === 50).join(""));
    expect(log.length).toBeLessThan(60);
  });

  it("are begun by an id once: a second start of it is refused and changes nothing", async () => {
    let runs = 0;
    const program: Program = (ctx) =>
      ctx.step("one", async () => {
        runs += 1;
        return null;
      });
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = newId();
    const starts = await Promise.allSettled([
      test.start({ id, program: "program" }),
      test.start({ id, program: "program" }),
      test.start({ id, program: "program" }),
    ]);
    expect(starts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const start of starts)
      if (start.status === "rejected") expect(start.reason).toMatchObject({ failure: "unique" });
    const log = await test.end(id);
    await expect(test.start({ id, program: "program" })).rejects.toMatchObject({ failure: "unique" });
    expect(runs).toBe(1);
    expect(await test.log(id)).toEqual(log);
    expect(test.engine.runningCount).toBe(0);
  });

  it("of a program that this release lacks end the execution", async () => {
    await using test = await startTestEngine(kind);
    const log = await test.end(await test.start({ program: "gone" }));
    expect(typesOf(log)).toEqual(["execution-queued", "attempt-started", "execution-failed"]);
  });
});
