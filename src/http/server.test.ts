import { describe, expect, it } from "vitest";
import { RunyardError } from "../contract/errors.ts";
import type { Scope } from "../contract/organization.ts";
import { sendRaw } from "./__fixtures__/raw-request.ts";
import { testExecution, testKey, testPrincipal } from "./__fixtures__/operations.ts";
import { startTestServer } from "./__fixtures__/server.ts";
import { maxJsonDepth } from "./json-body.ts";

const agentPath = "/v1/agents/agt_01kdm33000e6z8ha6nnzv9t9rq";
const json = { "content-type": "application/json" };

interface WireError {
  error: { type: string; code: string; message: string; param?: string; requestId: string };
}

async function errorOf(response: Response): Promise<WireError["error"]> {
  const body: WireError = JSON.parse(await response.text());
  expect(body.error.requestId).toBe(response.headers.get("x-request-id"));
  return body.error;
}

describe("paths and methods", () => {
  it("answers a path that no route has with 404 in the envelope", async () => {
    await using server = await startTestServer();
    const response = await server.call("/v1/nowhere");
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ type: "not_found_error", code: "route_not_found" });
  });

  it("answers a wrong method with 405 and what the path takes", async () => {
    await using server = await startTestServer();
    const response = await server.call(`${agentPath}/execute`);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", code: "method_not_allowed" });
    const put = await server.call("/v1/agents", { method: "PUT" });
    expect(put.headers.get("allow")).toBe("GET, HEAD, POST");
  });

  it("takes a slash at the end without a redirect", async () => {
    await using server = await startTestServer({ getExecution: async () => testExecution() });
    const response = await server.call("/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq/", { redirect: "error" });
    expect(response.status).toBe(200);
  });

  it("answers HEAD as GET without the body", async () => {
    await using server = await startTestServer({ getExecution: async () => testExecution() });
    const response = await server.call("/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(100);
    expect(await response.text()).toBe("");
  });

  it("answers a malformed percent-encoding with 400", async () => {
    await using server = await startTestServer();
    const response = await server.call("/v1/agents/%zz");
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_field_value" });
  });

  it("answers an overlong path segment and an overlong header with 4xx in the envelope", async () => {
    await using server = await startTestServer();
    expect((await server.call(`/v1/agents/${"a".repeat(2000)}`)).status).toBe(404);
    const answer = await sendRaw(
      server.port,
      `GET /v1/agents HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(40_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"type":"invalid_request_error"');
  });

  it("answers bytes that are not HTTP with 400 in the envelope", async () => {
    await using server = await startTestServer();
    const answer = await sendRaw(server.port, "HELLO\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"type":"invalid_request_error"');
  });
});

describe("bodies", () => {
  it.each([
    ["without content type", {}],
    ["with a JSON content type", json],
    ["with a form content type", { "content-type": "application/x-www-form-urlencoded" }],
  ])("takes an empty body %s", async (_name, headers) => {
    await using server = await startTestServer({
      cancelExecution: async () => testExecution({ status: "cancelled" }),
    });
    const response = await server.call("/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq/cancel", {
      method: "POST",
      headers,
    });
    expect(response.status).toBe(200);
  });

  it("takes a body on DELETE", async () => {
    await using server = await startTestServer({ deleteAgent: async () => undefined });
    const response = await server.call(agentPath, { method: "DELETE", headers: json, body: "{}" });
    expect(response.status).toBe(200);
  });

  it("names the missing field when a body is empty", async () => {
    await using server = await startTestServer();
    const response = await server.call(`${agentPath}/execute`, { method: "POST", headers: json });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "missing_required_field", param: "input" });
  });

  it.each([
    ["text/plain", "hello"],
    ["application/x-www-form-urlencoded", "input=hello"],
    ["multipart/form-data; boundary=x", "--x--"],
    ["nonsense", "{}"],
  ])("refuses %s with 415 where JSON is wanted", async (type, body) => {
    await using server = await startTestServer();
    const response = await server.call(`${agentPath}/execute`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    expect(response.status).toBe(415);
    expect(await errorOf(response)).toMatchObject({ code: "unsupported_media_type" });
  });

  it("refuses a body over the limit with 413, said or not said in advance", async () => {
    await using server = await startTestServer({}, { bodyLimitBytes: 1000 });
    const body = JSON.stringify({ input: "a".repeat(2000) });
    const said = await server.call(`${agentPath}/execute`, { method: "POST", headers: json, body });
    expect(said.status).toBe(413);
    expect(await errorOf(said)).toMatchObject({ code: "body_too_large" });
    const head = `POST ${agentPath}/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Type: application/json\r\n`;
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const unsaid = await sendRaw(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
    expect(unsaid).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ["broken JSON", '{"input": '],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ["deep nesting", `${"[".repeat(maxJsonDepth + 1)}${"]".repeat(maxJsonDepth + 1)}`],
  ])("refuses %s with 400", async (_name, body) => {
    await using server = await startTestServer();
    const response = await server.call(`${agentPath}/execute`, { method: "POST", headers: json, body });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_json" });
  });

  it("lives on when a body stops half-way, and starts nothing", async () => {
    let started = 0;
    await using server = await startTestServer({
      executeAgent: async () => {
        started += 1;
        return testExecution();
      },
    });
    const head = `POST ${agentPath}/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
    await sendRaw(server.port, `${head}{"input": "hal`, { end: true });
    expect((await server.call("/livez")).status).toBe(200);
    expect(started).toBe(0);
  });

  it("gives the caller back what JSON allows twice: the last of two members of one name counts", async () => {
    let seen: unknown;
    await using server = await startTestServer({
      executeAgent: async (_caller, _agentId, request) => {
        seen = request.input;
        return testExecution();
      },
    });
    const body = '{"input":"first","input":"second"}';
    expect((await server.call(`${agentPath}/execute`, { method: "POST", headers: json, body })).status).toBe(200);
    expect(seen).toBe("second");
  });

  it("refuses NUL in a query", async () => {
    await using server = await startTestServer();
    const response = await server.call("/v1/agents?name=a%00b");
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_field_value", param: "name" });
  });
});

describe("order of checks", () => {
  const badBody = { method: "POST", headers: json, body: '{"input":5}' };

  it("refuses a missing, malformed or unknown key with 401 before it looks at anything else", async () => {
    await using server = await startTestServer();
    for (const authorization of [undefined, "Basic abc", "Bearer", "Bearer a b", "Bearer nobody"]) {
      const headers = { ...json, ...(authorization !== undefined && { authorization }) };
      const response = await fetch(`${server.url}${agentPath}/execute`, { ...badBody, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await errorOf(response)).toMatchObject({ type: "authentication_error", code: "invalid_api_key" });
    }
  });

  it("answers 429 before 403, with the three headers and how long to wait", async () => {
    await using server = await startTestServer({
      authenticate: async () => testPrincipal([]),
      takeRequest: () => ({ limit: 60, remaining: 0, resetAt: 1_700_000_000_000, retryAfterMs: 1500 }),
    });
    const response = await server.call(`${agentPath}/execute`, badBody);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(response.headers.get("x-ratelimit-limit")).toBe("60");
    expect(response.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(response.headers.get("x-ratelimit-reset")).toBe("1700000000");
    expect(await errorOf(response)).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
  });

  it("answers 403 before 400, and 400 before 404", async () => {
    let granted: Scope[] = ["agents:read"];
    await using server = await startTestServer({
      authenticate: async () => testPrincipal(granted),
      executeAgent: async () => {
        throw new RunyardError("agent_not_found", "No such agent.");
      },
    });
    const forbidden = await server.call(`${agentPath}/execute`, badBody);
    expect(forbidden.status).toBe(403);
    expect(await errorOf(forbidden)).toMatchObject({ type: "permission_error", code: "insufficient_scope" });
    granted = ["agents:execute"];
    expect((await server.call(`${agentPath}/execute`, badBody)).status).toBe(400);
    expect((await server.call(`${agentPath}/execute`, { ...badBody, body: '{"input":"a"}' })).status).toBe(404);
    expect((await server.call("/v1/agents/agt_malformed/execute", { ...badBody, body: '{"input":"a"}' })).status).toBe(
      404,
    );
  });

  it("sends the limit's headers with good answers too, and none without a limit", async () => {
    await using limited = await startTestServer({
      getExecution: async () => testExecution(),
      takeRequest: () => ({ limit: 60, remaining: 59, resetAt: 1000, retryAfterMs: undefined }),
    });
    const path = "/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq";
    expect((await limited.call(path)).headers.get("x-ratelimit-remaining")).toBe("59");
    await using free = await startTestServer({ getExecution: async () => testExecution() });
    expect((await free.call(path)).headers.get("x-ratelimit-limit")).toBeNull();
  });
});

describe("faults", () => {
  it("tells the operator and not the client what went wrong inside", async () => {
    const faults: unknown[] = [];
    await using server = await startTestServer(
      {
        getExecution: async () => {
          throw new Error("secret detail");
        },
      },
      { onFault: (error) => faults.push(error) },
    );
    const response = await server.call("/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain('"internal_error"');
    expect(text).not.toContain("secret detail");
    expect(faults).toHaveLength(1);
    expect(String(faults[0])).toContain("secret detail");
  });

  it("reports each finished request by its route's pattern", async () => {
    const routes: string[] = [];
    await using server = await startTestServer(
      { getExecution: async () => testExecution() },
      { onRequest: ({ method, route, status }) => routes.push(`${method} ${route} ${status}`) },
    );
    await (await server.call("/v1/executions/exec_01kdm33000e6z8ha6nnzv9t9rq")).text();
    await (await server.call("/v1/nowhere/exec_01kdm33000e6z8ha6nnzv9t9rq")).text();
    expect(routes).toEqual(["GET /v1/executions/:id 200", "GET unknown 404"]);
  });

  it("refuses work with 503 while overloaded, but still says that it lives", async () => {
    await using server = await startTestServer({}, { isOverloaded: () => true });
    const response = await server.call("/v1/agents");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await errorOf(response)).toMatchObject({ type: "overloaded_error", code: "overloaded" });
    expect((await server.call("/livez")).status).toBe(200);
  });
});

describe("life of the server", () => {
  it("is live and ready without a key, and not ready while it drains", async () => {
    await using server = await startTestServer();
    for (const path of ["/livez", "/healthz", "/readyz"]) expect((await fetch(server.url + path)).status).toBe(200);
    server.server.drain();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it("is not ready before its owner says so", async () => {
    await using server = await startTestServer({}, { health: { isReady: () => false } });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  });

  it("lets a call in progress finish when it closes", async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const { promise: waiting, resolve: waits } = Promise.withResolvers<void>();
    const execution = testExecution();
    const server = await startTestServer({
      executeAgent: async () => ({ ...execution, status: "running" }),
      awaitExecution: async () => {
        waits();
        await ended;
        return execution;
      },
    });
    const answer = server.call(`${agentPath}/execute`, { method: "POST", headers: json, body: '{"input":"a"}' });
    await waiting;
    const closed = server.server.close();
    end();
    expect((await answer).status).toBe(200);
    await closed;
  });

  it("answers a call that still waits at the end of the grace with 503 and the execution's id", async () => {
    const { promise: waiting, resolve: waits } = Promise.withResolvers<void>();
    const execution = testExecution({ status: "running" });
    const server = await startTestServer({
      executeAgent: async () => execution,
      awaitExecution: async (_caller, _id, signal) => {
        waits();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        return execution;
      },
    });
    const answer = server.call(`${agentPath}/execute`, { method: "POST", headers: json, body: '{"input":"a"}' });
    await waiting;
    const closed = server.server.close(0);
    const response = await answer;
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('"executionId":"exec_');
    await closed;
  });

  it("serves metrics when it is given them", async () => {
    const page = { contentType: "text/plain; version=0.0.4", body: "up 1\n" };
    await using server = await startTestServer({}, { health: { isReady: () => true, metrics: async () => page } });
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(await response.text()).toBe("up 1\n");
    await using without = await startTestServer();
    expect((await fetch(`${without.url}/metrics`)).status).toBe(404);
  });
});

describe("pages of other origins", () => {
  it("get no permission unless their origin is listed", async () => {
    await using closed = await startTestServer();
    const origin = { origin: "https://app.example" };
    const refused = await fetch(`${closed.url}/livez`, { headers: origin });
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    await using open = await startTestServer({}, { corsOrigins: ["https://app.example"] });
    const allowed = await fetch(`${open.url}/livez`, { headers: origin });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
    const other = await fetch(`${open.url}/livez`, { headers: { origin: "https://other.example" } });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("have their preflight answered without a key", async () => {
    await using server = await startTestServer({}, { corsOrigins: ["https://app.example"] });
    const response = await fetch(`${server.url}${agentPath}/execute`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
  });
});
