import type { Readable } from "node:stream";
import { LineSplitter } from "./line-splitter.ts";
import type { OutputSource, ProgramOutput } from "./program-output.ts";

/** An event may be this long, a result with it; of plain text as much is shown. */
const maxLineBytes = 8 * 1024 * 1024;

/**
 * Reads an output to its end.
 * @param keepPace awaited between chunks, so that a program that says much waits until it is stored
 */
export async function readOutput(
  stream: Readable,
  source: OutputSource,
  output: ProgramOutput,
  keepPace: () => Promise<void>,
): Promise<void> {
  const splitter = new LineSplitter(maxLineBytes);
  const chunks: AsyncIterable<Buffer> = stream;
  for await (const chunk of chunks) {
    for (const line of splitter.push(chunk)) output.line(line, source);
    output.release();
    await keepPace();
  }
  const last = splitter.end();
  if (last !== undefined) output.line(last, source);
  output.release();
}
