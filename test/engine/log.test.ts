import { describe, expect, it } from "vitest";
import type { DomainEvent, StoredEvent } from "../../src/contract/events.ts";
import { foldLog } from "../../src/engine/fold-log.ts";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { batchesOf, joinedText, typesOf } from "../support/read-log.ts";
import { databaseKinds } from "../support/test-database.ts";

const isGapless = (log: readonly StoredEvent[]) => log.every(({ seq }, index) => seq === index + 1);

async function readFrom(test: TestEngine, id: string, after: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  await foldLog(test.engine.feed, id, { after }, (event) => events.push(event));
  return events;
}

/** Leaves after at most `count` events, as a client does whose line is cut. */
async function readSome(test: TestEngine, id: string, after: number, count: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const batch of batchesOf(test.engine.feed, id, { after })) {
    events.push(...batch);
    if (events.length >= count) break;
  }
  return events.slice(0, count);
}

const writer: Program = async (ctx, input) => {
  const parts = Number(input);
  for (let part = 0; part < parts; part += 1) {
    await ctx.step(`part ${part}`, async (step) => {
      for (let word = 0; word < 20; word += 1) {
        step.emit({ type: "text-delta", body: { text: `${part}.${word} ` } });
        if (word % 4 === 0) await step.flush();
      }
      return part;
    });
  }
  return parts;
};

describe.each(databaseKinds)("the log on %s", (kind) => {
  it("has no gap under signals, deltas and a cancel at once", async () => {
    await using test = await startTestEngine(kind, { programs: { writer } });
    const id = await test.start({ program: "writer", input: 30 });
    const signals = Promise.all(Array.from({ length: 25 }, (_, index) => test.engine.signal(id, "noise", index)));
    const log = await test.end(id);
    await signals;
    expect(isGapless(log)).toBe(true);
    const text = Array.from({ length: 600 }, (_, index) => `${Math.floor(index / 20)}.${index % 20} `).join("");
    expect(joinedText(log)).toBe(text);
    expect(await readFrom(test, id, 0)).toEqual(log);
  });

  it("reads the same early, late, resumed and after a restart", async () => {
    await using test = await startTestEngine(kind, { programs: { writer } });
    const id = await test.start({ program: "writer", input: 40 });
    const early = Promise.all(Array.from({ length: 5 }, () => readFrom(test, id, 0)));
    const resumed = Promise.all(
      [1, 3, 7, 20].map(async (count) => {
        const events: StoredEvent[] = [];
        while (events.at(-1)?.type !== "execution-completed") {
          events.push(...(await readSome(test, id, events.at(-1)?.seq ?? 0, count)));
        }
        return events;
      }),
    );
    const [first, ...others] = await early;
    const bytes = JSON.stringify(first);
    for (const other of others) expect(JSON.stringify(other)).toBe(bytes);
    for (const other of await resumed) expect(JSON.stringify(other)).toBe(bytes);
    expect(JSON.stringify(await readFrom(test, id, 0))).toBe(bytes);
    await test.restart();
    expect(JSON.stringify(await readFrom(test, id, 0))).toBe(bytes);
    expect(isGapless(first ?? [])).toBe(true);
  });

  it("is read in pages that hold few long events, and shared by who reads the same one", async () => {
    const program: Program = async (ctx) => {
      await ctx.step("long", async (step) => {
        for (let index = 0; index < 160; index += 1) {
          step.emit({ type: "text-delta", body: { text: `${index}`.padEnd(10_000, ".") } });
          await step.flush();
        }
        return null;
      });
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    const log = await test.end(id);
    await test.restart();
    const others = batchesOf(test.engine.feed, id, { after: 0 });
    const pages: (readonly StoredEvent[])[] = [];
    for await (const page of batchesOf(test.engine.feed, id, { after: 0 })) {
      pages.push(page);
      const { value } = await others.next();
      expect(value?.[0]).toBe(page[0]);
    }
    expect(await others.next()).toEqual({ done: true, value: undefined });
    expect(pages.flat()).toEqual(log);
    expect(pages.length).toBeGreaterThan(4);
    // What events are long is known from the first page on.
    const longest = pages.slice(1).map((page) => JSON.stringify(page.map(({ body }) => body)).length);
    expect(Math.max(...longest)).toBeLessThan(160 * 1024);
  });

  it("is read on by who was there at a suspension and who came after it", async () => {
    const program: Program = async (ctx) => {
      ctx.emit({ type: "status-noted", body: { text: "before" } });
      const answer = await ctx.wait("go");
      ctx.emit({ type: "status-noted", body: { text: "after" } });
      return answer ?? null;
    };
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    const there = readFrom(test, id, 0);
    await test.event(id, ({ type }) => type === "wait-started");
    const after = readFrom(test, id, 3);
    await test.engine.signal(id, "go", 1);
    const log = await there;
    expect(await after).toEqual(log.slice(3));
    expect(isGapless(log)).toBe(true);
  });

  it("shows nothing that is not stored", async () => {
    await using test = await startTestEngine(kind, { programs: { writer } });
    const id = await test.start({ program: "writer", input: 10 });
    for await (const batch of batchesOf(test.engine.feed, id, { after: 0 })) {
      const newest = batch.at(-1)?.seq ?? 0;
      const sql = `select count(*) as count from event where execution_id = '${id}' and seq <= ${newest}`;
      const [row] = await test.database.read({ sql, params: [], returnsRows: true });
      expect(Number(row?.["count"])).toBe(newest);
    }
  });

  it("ends a read when its signal aborts, live or catching up", async () => {
    const hold = gate();
    const program: Program = (ctx) => ctx.step("hold", () => hold.promise.then(() => null));
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    const cut = new AbortController();
    const events: StoredEvent[] = [];
    for await (const batch of batchesOf(test.engine.feed, id, { after: 0, signal: cut.signal })) {
      events.push(...batch);
      queueMicrotask(() => cut.abort());
    }
    expect(events.map(({ seq }) => seq)).toEqual([1, 2]);
    hold.open();
    await test.end(id);
  });

  it("is longer than what is kept in memory, and still whole for a slow reader", async () => {
    const program: Program = (ctx) =>
      ctx.step("long", async (step) => {
        for (let index = 0; index < 3000; index += 1) {
          step.emit({ type: "status-noted", body: { text: String(index) } });
          if (index % 100 === 0) await step.flush();
        }
        return null;
      });
    await using test = await startTestEngine(kind, { programs: { program } });
    const id = await test.start({ program: "program" });
    const slow: StoredEvent[] = [];
    for await (const batch of batchesOf(test.engine.feed, id, { after: 0 })) {
      slow.push(...batch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(slow).toHaveLength(3004);
    expect(isGapless(slow)).toBe(true);
  });
});

describe.each(databaseKinds)("an attempt that lost its hold on %s", (kind) => {
  const counted: DomainEvent = { type: "text-delta", body: { text: "stale" } };
  const uncounted: DomainEvent = { type: "status-noted", body: { text: "stale" } };
  it.each([counted, uncounted])(
    "has a $type refused and its program told, and the log is the other's alone",
    async (stale) => {
      const hold = gate();
      const stopped = gate();
      const program: Program = async (ctx) => {
        await ctx.step("work", async (step) => {
          if (ctx.attempt > 1) return "second";
          step.signal.addEventListener("abort", () => stopped.open());
          await hold.promise;
          step.emit(stale);
          await step.flush();
          return "first";
        });
        return ctx.attempt;
      };
      await using test = await startTestEngine(kind, { programs: { program } });
      const id = await test.start({ program: "program" });
      // Another process takes the execution over while the first still runs.
      const take = `update execution set status = 'queued', queued_reason = 'recovered' where id = '${id}'`;
      await test.database.write([{ sql: take, params: [], returnsRows: false }]);
      const claim = `update execution set status = 'running', attempt = 2 where id = '${id}'`;
      await test.database.write([{ sql: claim, params: [], returnsRows: false }]);
      hold.open();
      await stopped.promise;
      const log = await test.log(id);
      expect(typesOf(log)).toEqual(["execution-queued", "attempt-started"]);
      expect(await test.status(id)).toBe("running");
      // The other one dies: its execution is taken up again and comes to its end.
      await test.crash();
      expect((await test.end(id)).at(-1)).toMatchObject({ type: "execution-completed", body: { output: 3 } });
    },
  );
});
