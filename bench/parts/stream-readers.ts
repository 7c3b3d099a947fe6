// Readers of event streams, a process of their own: bench/streams.ts forks it and tells it what to do.
import { connect, type Socket } from "node:net";

/** Told to this process. */
export type ReaderRequest =
  /** Opens `count` streams on each path, and answers `opened` once each has shown something. */
  | { type: "open"; port: number; paths: readonly string[]; count: number; headers: Record<string, string> }
  /** As `open`, but the readers take the head and then nothing more. */
  | { type: "open-stopped"; port: number; paths: readonly string[]; count: number; headers: Record<string, string> }
  /** Answers `counted`: the events that came since they opened, and how many streams are still open. */
  | { type: "count" }
  | { type: "close" };
export type ReaderReply =
  | { type: "opened" }
  | { type: "counted"; events: number; open: number; firstAt: number; lastAt: number }
  | { type: "closed" };

const sockets = new Set<Socket>();
/** Begins each frame of an event. */
const mark = Buffer.from("id: ");
let events = 0;
let firstAt = 0;
let lastAt = 0;

process.on("message", (request: ReaderRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});

async function answer(request: ReaderRequest): Promise<ReaderReply> {
  switch (request.type) {
    case "open":
    case "open-stopped":
      events = 0;
      firstAt = 0;
      await openAll(request);
      return { type: "opened" };
    case "count":
      return { type: "counted", events, open: sockets.size, firstAt, lastAt };
    case "close": {
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      return { type: "closed" };
    }
  }
}

async function openAll({ type, port, paths, count, headers }: Extract<ReaderRequest, { port: number }>): Promise<void> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const all = paths.flatMap((path) => Array.from({ length: count }, () => path));
  // Not all at once: the listen queue of the server is 511 long.
  while (all.length > 0) {
    const group = all.splice(0, 200).map((path) => {
      return open(
        port,
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}connection: close\r\n\r\n`,
        type === "open-stopped",
      );
    });
    await Promise.all(group);
  }
}

function open(port: number, head: string, stops: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(head));
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", reject); // after the first bytes nobody listens: a cut stream is an end like any other
    socket.once("data", (first: Buffer) => {
      if (!String(first).startsWith("HTTP/1.1 200")) reject(new Error(String(first)));
      resolve();
      if (stops) socket.pause();
    });
    socket.on("data", (chunk: Buffer) => {
      lastAt = performance.now();
      for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + mark.length)) events += 1;
      if (firstAt === 0 && events > 0) firstAt = lastAt;
    });
  });
}
