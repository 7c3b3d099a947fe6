import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOutbound } from "./create-outbound.ts";
import { type Outbound, OutboundError, type OutboundExchange, type OutboundRequest } from "./outbound.ts";

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let outbound: Outbound & AsyncDisposable;

beforeEach(async () => {
  answer = (_request, response) => response.end("hello");
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(request, response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  url = `http://127.0.0.1:${address.port}/`;
  outbound = createOutbound({ allowedHosts: ["127.0.0.1:*"] });
});

afterEach(async () => {
  await outbound[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** Everything a receiver is told, in order. */
function record(more: Partial<OutboundRequest> = {}, onData: (exchange: OutboundExchange) => void = () => undefined) {
  const told: string[] = [];
  const failure = Promise.withResolvers<unknown>();
  const head = Promise.withResolvers<void>();
  const data = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let text = "";
  const exchange = outbound.receive(
    { url, ...more },
    {
      onHead(status, headers) {
        told.push(`head ${status} ${String(headers["x-kind"])}`);
        head.resolve();
      },
      onData(chunk) {
        told.push("data");
        text += chunk.toString();
        onData(exchange);
        data.resolve();
      },
      onEnd() {
        told.push("end");
        end.resolve();
      },
      onError(error) {
        told.push("error");
        failure.resolve(error);
      },
    },
  );
  return {
    exchange,
    told,
    head: head.promise,
    data: data.promise,
    end: end.promise,
    failure: failure.promise,
    text: () => text,
  };
}

describe("a response", () => {
  test("is told head first, then its bytes, then its end", async () => {
    answer = (_request, response) => response.setHeader("x-kind", "plain").end("hello");
    const seen = record({ method: "POST", body: "{}" });
    await seen.end;
    expect(seen.told).toEqual(["head 200 plain", "data", "end"]);
    expect(seen.text()).toBe("hello");
  });

  test("that is announced by a hint has one head", async () => {
    answer = (_request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.end("hello");
    };
    const seen = record();
    await seen.end;
    expect(seen.told).toEqual(["head 200 undefined", "data", "end"]);
  });

  test("that is a redirect is not followed", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "http://10.0.0.1/" }).end();
    const seen = record();
    await seen.end;
    expect(seen.told).toEqual(["head 302 undefined", "end"]);
  });

  test("waits while it is paused, and comes whole", async () => {
    const size = 4 * 1024 * 1024;
    answer = (_request, response) => response.end("x".repeat(size));
    let chunks = 0;
    const seen = record({}, (exchange) => {
      chunks += 1;
      if (chunks === 1) exchange.pause();
    });
    await seen.data;
    // Another exchange goes all the way while this one stands still.
    answer = (_request, response) => response.end("other");
    await record().end;
    expect(chunks).toBe(1);
    seen.exchange.resume();
    await seen.end;
    expect(seen.text()).toHaveLength(size);
  });
});

describe("an error", () => {
  test("is that of an address that is not allowed, before anything is sent", async () => {
    let asked = false;
    answer = (_request, response) => {
      asked = true;
      response.end();
    };
    await using guarded = createOutbound();
    outbound = guarded;
    const seen = record();
    expect(await seen.failure).toMatchObject({ name: "RunyardError", code: "address_refused" });
    expect(seen.told).toEqual(["error"]);
    expect(asked).toBe(false);
  });

  test("is that of a name whose addresses are not allowed", async () => {
    await using guarded = createOutbound({
      resolveName: (_name, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    outbound = guarded;
    const seen = record({ url: url.replace("127.0.0.1", "public.example") });
    expect(await seen.failure).toMatchObject({ code: "address_refused" });
  });

  test.each([
    ["too-large", "", { maxBodyBytes: 3 }],
    ["timeout", "stall-head", { headersTimeoutMs: 20 }],
    ["timeout", "stall-body", { bodyTimeoutMs: 20 }],
    ["reset", "cut", {}],
  ])("is %s (%#)", async (reason, path, limits) => {
    answer = (request, response) => {
      if (request.url === "/stall-head") return;
      if (request.url === "/") response.end("hello");
      else response.write("half", () => (request.url === "/cut" ? response.destroy() : undefined));
    };
    const seen = record({ ...limits, url: url + path });
    expect(await seen.failure).toBeInstanceOf(OutboundError);
    expect(await seen.failure).toMatchObject({ reason });
    expect(seen.told.filter((one) => one === "error" || one === "end")).toEqual(["error"]);
  });

  test("of a disposed way out is told as well", async () => {
    await outbound[Symbol.asyncDispose]();
    expect(await record().failure).toBeInstanceOf(OutboundError);
  });
});

describe("leaving", () => {
  test.each(["before", "within the head", "within the body"])("by the signal, %s, gives its reason", async (when) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    if (when === "before") controller.abort(reason);
    const closed = Promise.withResolvers<void>();
    answer = (_request, response) => {
      response.on("close", closed.resolve);
      if (when === "within the head") controller.abort(reason);
      else response.write("half");
    };
    const seen = record({ signal: controller.signal }, () => controller.abort(reason));
    expect(await seen.failure).toBe(reason);
    if (when !== "before") await closed.promise;
    expect(seen.told.at(-1)).toBe("error");
  });

  test("by the signal while the request waits for a socket needs no socket", async () => {
    await using narrow = createOutbound({ allowedHosts: ["127.0.0.1:*"], maxSocketsPerOrigin: 1 });
    outbound = narrow;
    let asked = 0;
    answer = () => (asked += 1);
    const first = record();
    const controller = new AbortController();
    const second = record({ signal: controller.signal });
    controller.abort("enough");
    expect(await second.failure).toBe("enough");
    first.exchange.abort();
    answer = (_request, response) => {
      asked += 1;
      response.end("hello");
    };
    await record().end;
    expect(asked).toBeLessThanOrEqual(2); // the first may have left before it was read
    expect(second.told).toEqual(["error"]);
    expect(first.told).toEqual([]);
  });

  test("by abort closes the connection and is told nothing more", async () => {
    const closed = Promise.withResolvers<void>();
    answer = (_request, response) => {
      response.on("close", closed.resolve);
      response.write("half");
    };
    const seen = record();
    await seen.data;
    seen.exchange.abort();
    seen.exchange.abort();
    await closed.promise;
    answer = (_request, response) => response.end("other");
    await record().end;
    expect(seen.told).toEqual(["head 200 undefined", "data"]);
  });

  test("takes the listener off the signal, however it ends", async () => {
    const controller = new AbortController();
    const added: unknown[] = [];
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added.push(args[1]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      added.splice(added.indexOf(args[1]), 1);
      removeEventListener.apply(signal, args);
    };
    await record({ signal }).end;
    await record({ signal, maxBodyBytes: 1 }).failure;
    const left = record({ signal });
    expect(added).toHaveLength(1);
    left.exchange.abort();
    expect(added).toEqual([]);
  });
});
