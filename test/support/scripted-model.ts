import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/contract/json.ts";
import { defaultScript } from "./default-script.ts";
import { createAnthropicWire } from "./scripted-anthropic-wire.ts";
import { createOpenAiWire } from "./scripted-openai-wire.ts";
import { readScriptedRequest } from "./scripted-request.ts";
import type { ControlStep, ScriptStep } from "./scripted-step.ts";
import type { ScriptedRequest, ScriptedWire } from "./scripted-wire.ts";

export type { ScriptedRequest } from "./scripted-wire.ts";
export type { ScriptStep } from "./scripted-step.ts";

/** Says what one request is answered with. */
export type Script = (request: ScriptedRequest) => readonly ScriptStep[] | Promise<readonly ScriptStep[]>;

/**
 * An HTTP server on loopback that speaks two providers' wires, `POST …/chat/completions` and `POST …/messages`, streamed
 * and not, under a script. It keeps no state but the requests, and answers at once unless the script says otherwise.
 */
export interface ScriptedModel extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Base URL for OpenAI clients: `url` + `/v1`. */
  readonly openAiBaseUrl: string;
  /** Every request so far, oldest first; empty it at will. */
  readonly requests: ScriptedRequest[];
  /** How many answers did not reach their end, because the client left or the script cut them; set it to 0 at will. */
  abandoned: number;
  /** Resolves once `abandoned` is at least `count`. */
  whenAbandoned(count: number): Promise<void>;
  /** Answers from now on by `script`; without one, by the default script. */
  script(script?: Script): void;
  /** Answers the next request by these steps, the one after by the next call's, and then by the script again. */
  once(steps: readonly ScriptStep[]): void;
  /** Breaks what is still open and frees the port. */
  close(): Promise<void>;
}

export interface ScriptedModelOptions {
  /** Default 0: any free one. */
  port?: number;
  /** False keeps `requests` empty, for long runs. */
  record?: boolean;
  script?: Script;
}

export async function createScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const requests: ScriptedRequest[] = [];
  const next: (readonly ScriptStep[])[] = [];
  let script = options.script ?? defaultScript;
  let abandonedCount = 0;
  let waiting: { count: number; resolve: () => void }[] = [];
  let count = 0;
  let calls = 0;

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const text = chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString("utf8");
      // A script that throws is a fault of the test: say so where it can be seen.
      answer(incoming, response, text).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else response.writeHead(599).end(`the script failed: ${String(error)}`);
      });
    });
    response.on("close", () => {
      if (response.writableFinished) return;
      abandonedCount += 1;
      for (const one of waiting) if (abandonedCount >= one.count) one.resolve();
      waiting = waiting.filter((one) => abandonedCount < one.count);
    });
    // A client that leaves in the middle is part of many scripts.
    response.on("error", () => {});
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const path = incoming.url ?? "";
    const openai = path.endsWith("/chat/completions");
    if (incoming.method !== "POST" || !(openai || path.endsWith("/messages"))) {
      response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"message":"no such path"}}');
      return;
    }
    count += 1;
    const body: JsonObject = JSON.parse(text);
    const request = readScriptedRequest(openai ? "openai" : "anthropic", count, path, incoming.headers, body);
    if (options.record !== false) requests.push(request);
    const wire = (openai ? createOpenAiWire : createAnthropicWire)({
      model: request.model,
      streamed: request.streamed,
      usageWanted: JSON.stringify(body.stream_options)?.includes('"include_usage":true') ?? false,
      inputTokens: Math.ceil(text.length / 4),
      newCallId: () => `${openai ? "call" : "toolu"}_${(calls += 1)}`,
    });
    const chosen = next.shift() ?? script(request);
    const steps = chosen instanceof Promise ? await chosen : chosen;
    await play(steps, wire, request.streamed, response);
  }

  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the scripted model has no port");
  const url = `http://127.0.0.1:${address.port}`;

  const close = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return {
    url,
    openAiBaseUrl: `${url}/v1`,
    requests,
    get abandoned() {
      return abandonedCount;
    },
    set abandoned(value) {
      abandonedCount = value;
    },
    async whenAbandoned(count) {
      if (abandonedCount < count) await new Promise<void>((resolve) => waiting.push({ count, resolve }));
    },
    script(replacement) {
      script = replacement ?? defaultScript;
    },
    once(steps) {
      next.push(steps);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Sends the steps; everything between two control steps goes out as one write. */
async function play(
  steps: readonly ScriptStep[],
  wire: ScriptedWire,
  streamed: boolean,
  response: ServerResponse,
): Promise<void> {
  let pending = "";
  const head = () => {
    if (!response.headersSent) {
      response.writeHead(200, { "content-type": streamed ? "text/event-stream; charset=utf-8" : "application/json" });
    }
  };
  const send = async () => {
    head();
    if (pending === "") {
      response.flushHeaders();
      return;
    }
    const text = pending;
    pending = "";
    await new Promise<void>((resolve) => response.write(text, () => resolve()));
  };

  // The Anthropic wire reports usage at the start already.
  for (const step of steps) if (step.type === "usage") wire.write(step);
  for (const step of steps) {
    switch (step.type) {
      case "status":
      case "context-length":
        sendError(step.type === "status" ? step : wire.contextLengthError(), wire, response);
        return;
      case "raw":
        pending += step.text;
        break;
      case "gate":
        if (streamed) await send();
        await step.until;
        break;
      case "flush":
        await send();
        await new Promise((resolve) => setImmediate(resolve));
        break;
      case "bytes":
        await send();
        response.write(step.bytes);
        await new Promise((resolve) => setImmediate(resolve));
        break;
      case "pause":
        if (streamed) await send();
        await pause(step.ms);
        break;
      case "cut":
        await send();
        response.destroy();
        return;
      case "close":
        head();
        response.end(pending);
        return;
      case "stall":
        await send();
        return;
      default:
        pending += wire.write(step);
    }
  }
  head();
  response.end(pending + (streamed ? wire.end() : wire.whole()));
}

function sendError(step: Extract<ControlStep, { type: "status" }>, wire: ScriptedWire, response: ServerResponse): void {
  response
    .writeHead(step.status, { "content-type": "application/json", ...step.headers })
    .end(step.body ?? wire.errorBody(step));
}
