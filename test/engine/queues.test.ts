import { describe, expect, it } from "vitest";
import { newId, type Id } from "../../src/contract/ids.ts";
import type { Program } from "../../src/engine/program.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { gate } from "../support/gate.ts";
import { databaseKinds } from "../support/test-database.ts";

/** Writes down when its executions begin and end. */
function recorder() {
  const order: string[] = [];
  const running = new Map<string, number>();
  let most = 0;
  const begin = (group: string) => {
    const count = (running.get(group) ?? 0) + 1;
    running.set(group, count);
    most = Math.max(most, count);
  };
  const end = (group: string) => running.set(group, (running.get(group) ?? 0) - 1);
  return { order, begin, end, most: () => most };
}

const textOf = (input: unknown) => (typeof input === "string" ? input : JSON.stringify(input));

describe.each(databaseKinds)("a serial queue on %s", (kind) => {
  const inQueue = (test: TestEngine, key: string, input: string, id: Id = newId()) =>
    test.start({ id, program: "turn", input, queue: { key, isNew: false, limit: 10 } });

  it("runs its executions one after the other, in the order of their ids, beside other queues", async () => {
    const { order, begin, end, most } = recorder();
    const turn: Program = async (ctx, input) => {
      const key = textOf(input).slice(0, 1);
      begin(key);
      order.push(`begin ${textOf(input)}`);
      await ctx.step("work", async () => null);
      await ctx.step("more", async () => null);
      order.push(`end ${textOf(input)}`);
      end(key);
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { turn }, run: false });
    const ids = [];
    for (let index = 0; index < 8; index += 1) {
      for (const key of ["a", "b", "c"]) ids.push(inQueue(test, key, `${key}${index}`));
    }
    await Promise.all(ids);
    await test.engine.run();
    for (const id of await Promise.all(ids)) await test.end(id);
    expect(most()).toBe(1);
    for (const key of ["a", "b", "c"]) {
      expect(order.filter((line) => line.split(" ")[1]?.startsWith(key))).toEqual(
        Array.from({ length: 8 }, (_, index) => [`begin ${key}${index}`, `end ${key}${index}`]).flat(),
      );
    }
  });

  it("does not go on while its first waits, nor when that one is resumed", async () => {
    const order: string[] = [];
    const turn: Program = async (ctx, input) => {
      order.push(`${textOf(input)}.${ctx.attempt}`);
      if (textOf(input) === "first") await ctx.wait("go");
      order.push(`end ${textOf(input)}`);
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { turn } });
    const first = await inQueue(test, "q", "first");
    const second = await inQueue(test, "q", "second");
    await test.event(first, ({ type }) => type === "wait-started");
    expect(await test.status(second)).toBe("queued");
    await test.engine.signal(first, "go");
    await test.end(second);
    expect(order).toEqual(["first.1", "first.2", "end first", "second.1", "end second"]);
  });

  it("lets one whose id is lower, but which came later, wait for the one that has begun", async () => {
    const order: string[] = [];
    const hold = gate();
    const turn: Program = async (ctx, input) => {
      order.push(`begin ${textOf(input)}`);
      if (textOf(input) === "higher") {
        await ctx.step("hold", () => hold.promise.then(() => null));
        await ctx.wait("go");
      }
      order.push(`end ${textOf(input)}`);
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { turn } });
    const [lowerId, higherId] = [newId(), newId()];
    await inQueue(test, "q", "higher", higherId);
    await test.event(higherId, ({ type }) => type === "attempt-started");
    await inQueue(test, "q", "lower", lowerId);
    hold.open();
    await test.event(higherId, ({ type }) => type === "wait-started");
    expect(await test.status(lowerId)).toBe("queued");
    await test.engine.signal(higherId, "go");
    await Promise.all([test.end(lowerId), test.end(higherId)]);
    expect(order.filter((line) => line.startsWith("end"))).toEqual(["end higher", "end lower"]);
    expect(order.indexOf("begin lower")).toBeGreaterThan(order.indexOf("end higher"));
  });

  it("keeps its order over a death", async () => {
    const order: string[] = [];
    const hold = gate();
    const turn: Program = async (ctx, input) => {
      await ctx.step("work", async () => {
        if (ctx.attempt === 1 && textOf(input) === "0") await hold.promise;
        return null;
      });
      order.push(textOf(input));
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { turn } });
    const ids = [];
    for (let index = 0; index < 5; index += 1) ids.push(await inQueue(test, "q", String(index)));
    await test.event(ids[0] ?? "", ({ type }) => type === "attempt-started");
    await test.crash();
    await Promise.all(ids.map((id) => test.end(id)));
    expect(order).toEqual(["0", "1", "2", "3", "4"]);
    hold.open();
  });

  it("takes no more than its limit", async () => {
    const hold = gate();
    const turn: Program = (ctx) => ctx.step("hold", () => hold.promise.then(() => null));
    await using test = await startTestEngine(kind, { programs: { turn } });
    const ids: Id[] = [];
    for (let index = 0; index < 10; index += 1) ids.push(await inQueue(test, "q", "in"));
    await expect(inQueue(test, "q", "over")).rejects.toMatchObject({ failure: "expectation" });
    ids.push(await inQueue(test, "another", "in"));
    hold.open();
    await Promise.all(ids.map((id) => test.end(id)));
    ids.push(await inQueue(test, "q", "again"));
    await Promise.all(ids.map((id) => test.end(id)));
  });

  it("goes on when the one that holds it up is cancelled", async () => {
    const turn: Program = async (ctx, input) => {
      if (textOf(input) === "first") await ctx.wait("never");
      return null;
    };
    await using test = await startTestEngine(kind, { programs: { turn } });
    const first = await inQueue(test, "q", "first");
    const second = await inQueue(test, "q", "second");
    await test.event(first, ({ type }) => type === "wait-started");
    await test.engine.cancel(first, { by: "test" });
    expect((await test.end(second)).at(-1)?.type).toBe("execution-completed");
  });
});

describe.each(databaseKinds)("concurrency limits on %s", (kind) => {
  it("hold for an organization and for an agent, and everything comes to its turn", async () => {
    const byOrganization = recorder();
    const byAgent = recorder();
    const all = recorder();
    const program: Program = async (ctx, input) => {
      const agent = textOf(input);
      for (const [record, group] of [
        [byOrganization, ctx.organizationId],
        [byAgent, agent],
        [all, "all"],
      ] as const) {
        record.begin(group);
      }
      await ctx.step("one", async () => null);
      await ctx.step("two", async () => null);
      byOrganization.end(ctx.organizationId);
      byAgent.end(agent);
      all.end("all");
      return null;
    };
    await using test = await startTestEngine(kind, {
      programs: { program },
      limits: { total: 6, perOrganization: 3, perAgent: 2 },
    });
    const organizations = Array.from({ length: 4 }, () => newId());
    const agents = new Map(organizations.map((id) => [id, [newId(), newId()]]));
    const starts: Promise<Id>[] = [];
    for (let index = 0; index < 80; index += 1) {
      const organizationId = organizations[index % 4] ?? "";
      const agentId = agents.get(organizationId)?.[index % 8 < 4 ? 0 : 1] ?? "";
      starts.push(test.start({ program: "program", organizationId, agentId, input: agentId }));
    }
    for (const id of await Promise.all(starts)) await test.end(id);
    expect(byOrganization.most()).toBeLessThanOrEqual(3);
    expect(byAgent.most()).toBeLessThanOrEqual(2);
    expect(all.most()).toBeLessThanOrEqual(6);
    expect(all.most()).toBeGreaterThan(2);
    await expect.poll(() => test.engine.runningCount).toBe(0);
    expect(await test.engine.countDue()).toBe(0);
  });

  it("do not let the backlog of one organization keep another from its slots", async () => {
    const hold = gate();
    const program: Program = (ctx) => ctx.step("hold", () => hold.promise.then(() => null));
    const quick: Program = async () => "quick";
    await using test = await startTestEngine(kind, {
      programs: { program, quick },
      limits: { total: 4, perOrganization: 2, perAgent: 2 },
    });
    const busy = newId();
    const backlog = await Promise.all(
      Array.from({ length: 300 }, () => test.start({ program: "program", organizationId: busy })),
    );
    // Accepted after three hundred others, and served while all of those are held up.
    for (let index = 0; index < 5; index += 1) await test.end(await test.start({ program: "quick" }));
    await expect.poll(() => test.engine.runningCount).toBe(2);
    hold.open();
    for (const id of backlog) await test.end(id);
  });

  it("let a start that is due later wait for its time, though others stand before it", async () => {
    const hold = gate();
    const program: Program = (ctx) => ctx.step("hold", () => hold.promise.then(() => null));
    const quick: Program = async () => "quick";
    await using test = await startTestEngine(kind, {
      programs: { program, quick },
      limits: { total: 4, perOrganization: 1, perAgent: 1 },
    });
    const busy = newId();
    const held = [];
    for (let index = 0; index < 2; index += 1) {
      held.push(await test.start({ program: "program", organizationId: busy }));
    }
    const runAt = Date.now() + 40;
    const later = await test.start({ program: "quick", runAt });
    const log = await test.end(later);
    expect(log[1]?.at).toBeGreaterThanOrEqual(runAt);
    hold.open();
    await Promise.all(held.map((id) => test.end(id)));
  });
});
