import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("stops the young generation from growing past 16 MiB under load, and lets it grow that far", async () => {
  const subject = new URL("./bound-young-generation.ts", import.meta.url).href;
  // The setting is of a whole process, so it is made in one of its own.
  const load = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { setImmediate as nextTurn } from "node:timers/promises";
    const { boundYoungGeneration } = await import(${JSON.stringify(subject)});
    boundYoungGeneration();
    let largest = 0;
    const kept = [];
    for (let turn = 0; turn < 600; turn += 1) {
      kept[turn % 40] = Array.from({ length: 2000 }, (_, index) => ({ turn, index }));
      await nextTurn();
      const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
      largest = Math.max(largest, young.space_size);
    }
    process.stdout.write(String(largest));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", load]);
  const mebibytes = Number(stdout) / 1024 / 1024;
  // Pages that a collection is still giving back are counted as well. Unbounded, this load takes it past 30.
  expect(mebibytes).toBeGreaterThan(14);
  expect(mebibytes).toBeLessThan(24);
});
