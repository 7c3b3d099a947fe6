import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { RunyardError } from "../contract/errors.ts";
import { newId, spellId } from "../contract/ids.ts";
import { AllowedMethods } from "./allowed-methods.ts";
import { answerClientError } from "./client-error.ts";
import { allowOrigins } from "./cors.ts";
import { EventStreams, type EventStreamOptions } from "./event-stream.ts";
import { type HealthOptions, serveHealth } from "./health.ts";
import { parseJsonBody } from "./json-body.ts";
import { serveDocument } from "./openapi.ts";
import { toRunyardError } from "./request-error.ts";
import "./request-state.ts";
import { validatorCompiler } from "./schema-error.ts";
import { sendJsonText } from "./send-json.ts";
import { type Surface, surfaceOf } from "./surface.ts";
import { refuseUnstorable } from "./unstorable-text.ts";

export interface HttpServerOptions {
  /** Makes the dialects; the first one lends its error shape to paths that belong to none. */
  surfaces(parts: SurfaceParts): readonly Surface[];
  /** The product's version, for the documents. */
  version: string;
  /** Where clients reach the server, e.g. `https://agents.example`; for the documents. */
  publicUrl?: string;
  health: HealthOptions;
  /** Told before each request of a surface; true refuses it with 503 `overloaded`. */
  isOverloaded?: () => boolean;
  /** Origins whose pages may call the API. Default: none. */
  corsOrigins?: readonly string[];
  /** For bodies of routes that say nothing else, in bytes. Default 1 MiB. */
  bodyLimitBytes?: number;
  /** For a whole request to arrive, in milliseconds. Default 300,000. */
  requestTimeoutMs?: number;
  streams?: EventStreamOptions;
  /** Told once for every finished request. */
  onRequest?: (request: FinishedRequest) => void;
  /** Told of every failure that is the server's fault. */
  onFault?: (error: unknown, request: { requestId: string; method: string; route: string }) => void;
}

/** What the server hands to dialects. */
export interface SurfaceParts {
  streams: EventStreams;
  /** Aborted when the server closes: calls that wait for the end of an execution give up. */
  closing: AbortSignal;
}

export interface FinishedRequest {
  requestId: string;
  method: string;
  /** The route's pattern, `unknown` when no route has the path; never the path itself. */
  route: string;
  status: number;
  durationMs: number;
}

export interface HttpServer extends AsyncDisposable {
  app: FastifyInstance;
  streams: EventStreams;
  /** From now on `/readyz` answers 503, connections are not kept, and open streams end; calls in progress go on. */
  drain(): void;
  /** Drains, lets calls in progress finish for `graceMs` (default 10,000), then closes whatever is left. */
  close(graceMs?: number): Promise<void>;
}

/**
 * The HTTP server: everything about the protocol that is the same for every dialect. It listens when the caller calls
 * `app.listen`.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const closing = new AbortController();
  let draining = false;
  const streams = new EventStreams({
    ...(options.onFault !== undefined && {
      onFault: (error: unknown) => options.onFault?.(error, { requestId: "", method: "GET", route: "event stream" }),
    }),
    ...options.streams,
  });
  const surfaces = options.surfaces({ streams, closing: closing.signal });
  const [mainSurface] = surfaces;
  if (mainSurface === undefined) throw new Error("a server needs at least one surface");

  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    requestTimeout: options.requestTimeoutMs ?? 300_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // Ours are set below; without a name here the framework loads its own first.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    genReqId: () => spellId("request", newId()),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    frameworkErrors: (error, request, reply) => {
      reply.header("x-request-id", request.id);
      sendError(toRunyardError(error), request, reply);
    },
    clientErrorHandler: (error, socket) => answerClientError(mainSurface, error, socket),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(Buffer.isBuffer(body) ? body : Buffer.from(body)));
    } catch (error) {
      done(toRunyardError(error));
    }
  });
  app.setValidatorCompiler(validatorCompiler);
  // Handlers send text; the schemas of answers are there for the documents.
  app.setSerializerCompiler(() => JSON.stringify);
  app.decorateRequest("principal", null);
  app.decorateRequest("idempotency", null);
  app.decorateRequest("replayedExecutionId", null);
  app.decorateRequest("arrivedAt", 0);

  const allowedMethods = new AllowedMethods(app);
  app.addHook("onRequest", (request, reply, done) => {
    request.arrivedAt = performance.now();
    reply.header("x-request-id", request.id);
    if (draining) reply.header("connection", "close");
    forgetTypeOfEmptyBody(request);
    done();
  });
  allowOrigins(app, options.corsOrigins ?? []);
  if (options.onRequest !== undefined) {
    const tell = options.onRequest;
    app.addHook("onResponse", (request, reply, done) => {
      tell({
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? "unknown",
        status: reply.statusCode,
        durationMs: performance.now() - request.arrivedAt,
      });
      done();
    });
  }
  app.setErrorHandler((thrown, request, reply) => sendError(toRunyardError(thrown), request, reply));
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?", 1);
    const methods = allowedMethods.of(path);
    if (methods.length === 0) {
      return sendError(new RunyardError("route_not_found", "No such path. See the API documents."), request, reply);
    }
    const allow = methods.join(", ");
    reply.header("allow", allow);
    const message = `This path takes ${allow}, but the request is a ${request.method}.`;
    return sendError(new RunyardError("method_not_allowed", message), request, reply);
  });
  serveHealth(app, { ...options.health, isReady: () => !draining && options.health.isReady() });

  for (const surface of surfaces) {
    await app.register(async (scope) => {
      if (options.isOverloaded !== undefined) refuseWhenOverloaded(scope, options.isOverloaded);
      refuseUnstorableQueries(scope);
      const document = surface.document;
      if (document !== undefined) {
        await serveDocument(scope, { ...document, version: options.version, serverUrl: options.publicUrl ?? "/" });
      }
      await surface.register(scope);
    });
  }

  function sendError(error: RunyardError, request: FastifyRequest, reply: FastifyReply): void {
    // Beside faults of ours what fell upon us from outside: a full disk, a database that cannot be reached.
    if (error.kind === "internal" || (error.kind === "overloaded" && error.cause !== undefined)) {
      const route = request.routeOptions.url ?? "unknown";
      options.onFault?.(error.cause ?? error, { requestId: request.id, method: request.method, route });
    }
    if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
    if (error.kind === "unauthenticated") reply.header("www-authenticate", "Bearer");
    const { status, body } = surfaceOf(surfaces, request.url).renderError(error, request.id);
    sendJsonText(reply, status, body);
  }

  function drain(): void {
    draining = true;
    streams.drain();
  }

  async function close(graceMs = 10_000): Promise<void> {
    drain();
    const deadline = setTimeout(() => {
      closing.abort();
      // What still does not end after its answer was given up is cut off.
      setTimeout(() => app.server.closeAllConnections(), 1000).unref();
    }, graceMs);
    // A connection whose call ends only now was busy when the rest were closed, and its client may keep it for long.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 20);
    await app.close();
    clearInterval(sweep);
    clearTimeout(deadline);
    streams[Symbol.dispose]();
  }

  return { app, streams, drain, close, [Symbol.asyncDispose]: () => close() };
}

function noCompiler(): () => never {
  return () => {
    throw new Error("a schema was compiled before the compilers were set");
  };
}

/** Many clients send a content type with every request, bodies or none; without a body it says nothing. */
function forgetTypeOfEmptyBody(request: FastifyRequest): void {
  const { headers } = request.raw;
  const length = headers["content-length"];
  if (headers["transfer-encoding"] === undefined && (length === undefined || length === "0")) {
    delete headers["content-type"];
  }
}

function refuseWhenOverloaded(scope: FastifyInstance, isOverloaded: () => boolean): void {
  scope.addHook("onRequest", (_request, _reply, done) => {
    if (!isOverloaded()) return done();
    const message = "The server takes no more work at the moment. Try again shortly.";
    done(new RunyardError("overloaded", message, { retryAfterMs: 1000 }));
  });
}

function refuseUnstorableQueries(scope: FastifyInstance): void {
  scope.addHook("preValidation", (request, _reply, done) => {
    try {
      refuseUnstorable(request.query);
      done();
    } catch (error) {
      done(toRunyardError(error));
    }
  });
}
