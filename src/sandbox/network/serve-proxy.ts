import { createServer, type IncomingMessage, request as sendRequest, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RunyardError } from "../../contract/errors.ts";
import type { SandboxNetwork } from "../sandbox.ts";

const maxConnections = 64;
const maxHeaderBytes = 16_384;
const headersTimeoutMs = 30_000;
/** A connection on which nothing moves for so long is closed; a model may think for a while before it answers. */
const idleMs = 600_000;

/** Said of one connection only, by RFC 9110 §7.6.1; and what is meant for us. */
const hopHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Serves one program's HTTP proxy: tunnels (`CONNECT host:port`) and plain requests (`GET http://host/path`). Where they
 * may lead is up to the network that is handed in. Disposing closes all connections and the listener.
 */
export function serveProxy(listener: Server, network: SandboxNetwork): Disposable {
  const ended = new AbortController();
  const sockets = new Set<Duplex>();
  const keep = <T extends Duplex>(socket: T): T => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Whoever reads or writes it learns of an error by the close.
    socket.on("error", () => undefined);
    return socket;
  };
  const connect = async (target: Target): Promise<Socket> => {
    const socket = await network.connect(target, ended.signal);
    if (ended.signal.aborted) socket.destroy();
    socket.setTimeout(idleMs, () => socket.destroy());
    return keep(socket);
  };

  const server = createServer({ maxHeaderSize: maxHeaderBytes, headersTimeout: headersTimeoutMs, requestTimeout: 0 });
  server.on("request", (request, response) => void forward(connect, request, response));
  server.on(
    "connect",
    (request: IncomingMessage, socket: Duplex, head: Buffer) => void tunnel(connect, request, socket, head),
  );
  server.on("clientError", (_, socket) => void socket.destroy());
  listener.maxConnections = maxConnections;
  listener.on("error", () => undefined);
  listener.on("connection", (socket) => {
    keep(socket).setTimeout(idleMs, () => socket.destroy());
    server.emit("connection", socket);
  });
  return {
    [Symbol.dispose]() {
      ended.abort();
      listener.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

interface Target {
  host: string;
  port: number;
}

type Connect = (target: Target) => Promise<Socket>;

async function tunnel(connect: Connect, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const target = readAuthority(request.url ?? "");
  if (target === undefined) return void socket.end(plainAnswer(400, "Expected CONNECT host:port."));
  try {
    const remote = await connect(target);
    if (socket.destroyed) return void remote.destroy();
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) remote.write(head);
    remote.once("close", () => socket.destroy());
    socket.once("close", () => remote.destroy());
    socket.pipe(remote);
    remote.pipe(socket);
  } catch (error) {
    const { status, text } = refusal(error, target);
    socket.end(plainAnswer(status, text));
  }
}

async function forward(connect: Connect, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (status: number, text: string) => {
    if (response.headersSent) return void response.destroy();
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`);
  };
  const url = URL.parse(request.url ?? "");
  if (url?.protocol !== "http:") return answer(400, "This is a proxy: expected an absolute http URL, or CONNECT.");
  const target = { host: bare(url.hostname), port: url.port === "" ? 80 : Number(url.port) };
  try {
    const socket = await connect(target);
    if (response.destroyed) return void socket.destroy();
    const outgoing = sendRequest({
      createConnection: () => socket,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...passedOn(request.headers), host: url.host },
      setDefaultHeaders: false,
    });
    response.once("close", () => socket.destroy());
    outgoing.on("error", () => answer(502, `The connection to ${target.host}:${target.port} broke.`));
    outgoing.on("response", (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, passedOn(incoming.headers));
      incoming.on("error", () => response.destroy());
      incoming.pipe(response);
    });
    request.pipe(outgoing);
  } catch (error) {
    const { status, text } = refusal(error, target);
    answer(status, text);
  }
}

function refusal(error: unknown, { host, port }: Target): { status: number; text: string } {
  if (error instanceof RunyardError) return { status: 403, text: error.message };
  // What the system says of other machines is no secret to a program that may talk to them.
  const reason = error instanceof Error && "code" in error ? String(error.code) : "no connection";
  return { status: 502, text: `${host}:${port} cannot be reached: ${reason}` };
}

function plainAnswer(status: number, text: string): string {
  const body = `${text}\n`;
  const reason = status === 403 ? "Forbidden" : status === 400 ? "Bad Request" : "Bad Gateway";
  return [
    `HTTP/1.1 ${status} ${reason}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}

/** `host:port`, or `[address]:port`. */
function readAuthority(text: string): Target | undefined {
  const match = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:[\]/@?#]+):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.["port"]);
  const host = match?.groups?.["host"];
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host: bare(host), port };
}

function bare(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

function passedOn(headers: IncomingMessage["headers"]): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hopHeaders.has(name) || named.has(name) ? [] : [[name, value]],
    ),
  );
}
