import { expect, test } from "vitest";
import { readServerSentMessages } from "../../client/src/server-sent-events.ts";
import { collect } from "./collect.ts";

const stream =
  'id: 1\ndata: {"a":1}\n\n: ping\n\nid: 2\r\ndata: one\r\ndata: two é\r\n\r\ndata:bare\n\nid: 3\ndata: cut off';

async function readInPieces(size: number): Promise<{ id: string; data: string }[]> {
  const bytes = new TextEncoder().encode(stream);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }
  return collect(readServerSentMessages(pieces()));
}

test("messages are the same in whatever pieces the stream arrives", async () => {
  for (const size of [1, 2, 3, 7, 1_000]) {
    expect(await readInPieces(size)).toEqual([
      { id: "1", data: '{"a":1}' },
      { id: "2", data: "one\ntwo é" },
      { id: "2", data: "bare" },
    ]);
  }
});
