// The short form of npm run drill.
import { expect, it } from "vitest";
import { runDrill } from "../../scripts/drill/drill.ts";

it("a server that is killed again and again under load loses nothing and repeats nothing", async () => {
  const { problems, kills, executions, counts } = await runDrill({
    moments: 8,
    points: [
      "claim-committed",
      "append-committed",
      "step-returned",
      "step-to-commit",
      "suspended-committed",
      "group-committed",
    ],
    firstStarts: 1,
    seed: 7,
    loops: 6,
    refusedShare: 0,
    checkEvery: 6,
    settleMs: 60_000,
  });
  expect(problems).toEqual([]);
  expect(kills).toBeGreaterThanOrEqual(12);
  expect(executions).toBeGreaterThan(0);
  expect(counts.programs).toBeGreaterThan(0);
  expect(counts.jobs).toBeGreaterThan(0);
}, 180_000);
