import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunyardError } from "../../src/contract/errors.ts";
import type { SandboxNetwork } from "../../src/sandbox/sandbox.ts";
import { limits, openSandbox, type OpenSandbox } from "./support/open-sandbox.ts";

let open: OpenSandbox;
let web: HttpServer;
let echo: Server;
const asked: string[] = [];

/** A guard of the test's: two names lead to servers of the test, everything else is refused. */
const network: SandboxNetwork = {
  async connect({ host, port }) {
    asked.push(`${host}:${port}`);
    const target = { "web.example": web, "echo.example": echo }[host];
    if (host === "down.example") throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    if (target === undefined) throw new RunyardError("address_refused", `The address ${host}:${port} is refused.`);
    const socket = connect(portOf(target), "127.0.0.1");
    await once(socket, "connect");
    return socket;
  },
};

beforeAll(async () => {
  web = createServer((request, response) => {
    response.setHeader("x-seen", JSON.stringify(request.headers));
    request.pipe(response.writeHead(200));
    if (request.method === "GET") response.end(`hello ${request.url}`);
  });
  echo = createTcpServer((socket) => socket.pipe(socket).on("error", () => undefined));
  for (const server of [web, echo]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  open = await openSandbox();
});

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  for (const server of [web, echo]) server.close();
});

const python = (script: string) => ["python3", "-c", `import socket, urllib.request as r\n${script}`];
const wide = { limits: { ...limits, memoryBytes: 1 << 30 } };
const proxySocket = `s = socket.create_connection(("127.0.0.1", 3128)); f = s.makefile("rwb", buffering=0)`;

test("a plain request goes through the guard", async () => {
  const { printed, complaint } = await open.run(
    python('print(r.urlopen("http://web.example:81/a?b=c").read().decode())'),
    {
      network,
    },
  );
  expect(complaint).toBe("");
  expect(printed).toBe("hello /a?b=c\n");
  expect(asked).toContain("web.example:81");
});

test("a body is passed on, headers for the proxy are not", async () => {
  const { printed } = await open.run(
    python(`
q = r.Request("http://web.example/post", data=b"x" * 200000, headers={"Proxy-Authorization": "mine", "X-Kept": "yes"})
a = r.urlopen(q); print(len(a.read()), "mine" in a.headers["x-seen"], "yes" in a.headers["x-seen"])`),
    { network },
  );
  expect(printed).toBe("200000 False True\n");
});

test("Node's fetch goes through the guard", async () => {
  const script = 'fetch("http://web.example/node").then((a) => a.text()).then(console.log)';
  const { printed, complaint } = await open.run(["node", "-e", script], { network, ...wide });
  expect({ printed, complaint }).toEqual({ printed: "hello /node\n", complaint: "" });
});

test("a tunnel carries bytes both ways", async () => {
  const { printed } = await open.run(
    python(`${proxySocket}
s.sendall(b"CONNECT echo.example:7 HTTP/1.1\\r\\nHost: echo.example:7\\r\\n\\r\\nearly")
got = b""
while not got.endswith(b"early"): got += s.recv(100)
s.sendall(b"more"); print(got.split(b"\\r\\n")[0].decode(), s.recv(4).decode())`),
    { network },
  );
  expect(printed).toBe("HTTP/1.1 200 Connection established more\n");
});

test("a refused target is a 403 that says why, in a tunnel and without", async () => {
  const { printed } = await open.run(
    python(`${proxySocket}
s.sendall(b"CONNECT 169.254.169.254:80 HTTP/1.1\\r\\n\\r\\n"); print(f.read().decode())
try: r.urlopen("http://127.0.0.1:1/")
except r.HTTPError as e: print(e.code, e.read().decode())
except Exception as e: print(e)`).map((word) =>
      word.replace("r.HTTPError", "__import__('urllib.error').error.HTTPError"),
    ),
    { network },
  );
  expect(printed).toContain("HTTP/1.1 403 Forbidden");
  expect(printed).toContain("The address 169.254.169.254:80 is refused.");
  expect(printed).toContain("403 The address 127.0.0.1:1 is refused.");
});

test.each([
  ["a target that is down", "CONNECT down.example:1 HTTP/1.1\\r\\n\\r\\n", "502"],
  ["no port", "CONNECT web.example HTTP/1.1\\r\\n\\r\\n", "400"],
  ["another scheme", "GET ftp://web.example/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", "400"],
  ["a path alone", "GET /x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", "400"],
])("%s is answered", async (_, request, status) => {
  const { printed } = await open.run(python(`${proxySocket}\ns.sendall(b"${request}"); print(f.readline().decode())`), {
    network,
  });
  expect(printed).toContain(`HTTP/1.1 ${status}`);
});

test("endless headers and very many connections end, and the server goes on", async () => {
  const { printed } = await open.run(
    python(`
held = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(64)]
s = socket.create_connection(("127.0.0.1", 3128)); print("extra", s.recv(1))
for h in held: h.close()
import time
for _ in range(100):
    try:
        s = socket.create_connection(("127.0.0.1", 3128)); s.sendall(b"GET http://web.example/ HTTP/1.1\\r\\nHost: x\\r\\nA: "); break
    except OSError: time.sleep(0.05)
try:
    for _ in range(100): s.sendall(b"a" * 1000)
    print("open", s.recv(1) != b"")
except OSError: print("open False")`),
    { network },
  );
  expect(printed).toBe("extra b''\nopen False\n");
});

test("there is no other way, and no listener is left when the program has ended", async () => {
  const before = asked.length;
  const script = `
import os
print([l.split(":")[0].strip() for l in open("/proc/net/dev").readlines()[2:]])
import glob
print([os.readlink(l) for l in glob.glob("/proc/self/fd/*") if int(l.split("/")[-1]) > 3 and os.readlink(l) != "/dev/null"])
try: socket.create_connection(("192.0.2.1", 80), 2)
except OSError as e: print(e.errno)`;
  const { printed } = await open.run(python(script), { network });
  expect(printed).toMatch(/^\['lo'\]\n\[\]\n101\n$/);
  expect(asked.length).toBe(before);
});

test("connections end with the program", async () => {
  const sockets: Socket[] = [];
  const watched: SandboxNetwork = {
    async connect(target, signal) {
      const socket = await network.connect(target, signal);
      sockets.push(socket);
      return socket;
    },
  };
  const { exit } = await open.run(
    python(`${proxySocket}
s.sendall(b"CONNECT echo.example:7 HTTP/1.1\\r\\n\\r\\n"); s.recv(1)
import time; time.sleep(100)`),
    { network: watched, limits: { ...limits, wallMs: 1000 } },
  );
  expect(exit.reason).toBe("timed-out");
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
});

test("a program that is not there failed to start, with network as well", async () => {
  const { exit } = await open.run(["no-such-program"], { network });
  expect(exit).toMatchObject({ reason: "failed-to-start", message: expect.stringContaining("no-such-program") });
});

test("without granted network nobody is asked", async () => {
  const { printed } = await open.run(
    python(`
try: socket.create_connection(("127.0.0.1", 3128), 2)
except OSError as e: print(e.errno)`),
  );
  expect(printed).toBe("111\n");
});

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === "object" && address !== null) return address.port;
  throw new Error("the server does not listen on a port");
}
