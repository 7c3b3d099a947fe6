import type { AddressInfo } from "node:net";
import type { Operations } from "../../operations/operations.ts";
import { createNativeSurface, type NativeOptions } from "../dialects/native/native.ts";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "../server.ts";
import { testKey, testOperations } from "./operations.ts";

export interface TestServer extends AsyncDisposable {
  url: string;
  port: number;
  server: HttpServer;
  /** A request with the test's key. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** The native API over the given operations, on a free loopback port. */
export async function startTestServer(
  operations: Partial<Operations> = {},
  options: Partial<HttpServerOptions> & { native?: Partial<NativeOptions> } = {},
): Promise<TestServer> {
  const server = await createHttpServer({
    surfaces: (parts) => [createNativeSurface({ operations: testOperations(operations), ...options.native }, parts)],
    version: "0.0.0",
    health: { isReady: () => true },
    ...options,
  });
  await server.app.listen({ host: "127.0.0.1", port: 0 });
  const port = portOf(server.app.server.address());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    server,
    call: (path, init) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${testKey}`, ...headersOf(init) } }),
    [Symbol.asyncDispose]: () => server.close(0),
  };
}

function headersOf(init: RequestInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(init?.headers).entries());
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}
