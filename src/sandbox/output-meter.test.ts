import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { OutputMeter } from "./output-meter.ts";

test("both outputs count, and what is over the limit is dropped", async () => {
  const exceeded = vi.fn<() => void>();
  const meter = new OutputMeter(10, exceeded);
  const [out, error] = [new PassThrough(), new PassThrough()];
  const [output, errors] = [meter.pass(out), meter.pass(error)];
  const printed = text(output);
  out.write("1234567");
  await new Promise((resolve) => setImmediate(resolve));
  const complained = text(errors);
  error.end("89abcdef");
  expect(await complained).toBe("89a");
  out.end("more");
  expect(await printed).toBe("1234567");
  expect(exceeded).toHaveBeenCalledTimes(1);
});

test("a reader that reads nothing holds the pipe back, until the program is dead", async () => {
  const meter = new OutputMeter(undefined, () => undefined);
  const raw = new PassThrough({ highWaterMark: 1024 });
  const output = meter.pass(raw);
  const chunk = Buffer.alloc(65_536);
  await fill(raw, chunk);
  expect(raw.isPaused()).toBe(true);
  expect(output.readableLength).toBeLessThanOrEqual(2 * chunk.length);
  raw.end();
  meter.drain();
  await once(raw, "end");
  expect(output.destroyed).toBe(false);
});

test("a reader that leaves closes the pipe", async () => {
  const raw = new PassThrough();
  const output: Readable = new OutputMeter(undefined, () => undefined).pass(raw);
  output.destroy();
  if (!raw.closed) await once(raw, "close");
  expect(raw.destroyed).toBe(true);
});

/** Writes until the pipe takes no more. */
async function fill(pipe: PassThrough, chunk: Buffer): Promise<void> {
  for (let count = 0; count < 100 && !pipe.isPaused(); count += 1) {
    pipe.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
