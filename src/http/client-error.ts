import type { Socket } from "node:net";
import { RunyardError } from "../contract/errors.ts";
import { newId, spellId } from "../contract/ids.ts";
import type { Surface } from "./surface.ts";

/**
 * Answers bytes that never became a request: broken HTTP, headers over the limit, a request that did not arrive in time.
 * The path is not known, so the first surface lends its error shape.
 *
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerClientError(surface: Surface, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, message } = verdicts[error.code ?? ""] ?? malformed;
  const requestId = spellId("request", newId());
  const { body } = surface.renderError(new RunyardError("invalid_field_value", message), requestId);
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

const malformed = { status: 400, reason: "Bad Request", message: "The bytes sent are not a valid HTTP request." };

const verdicts: Record<string, typeof malformed | undefined> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: "Request Header Fields Too Large",
    message: "The request line and headers are over 16 KiB.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    reason: "Request Timeout",
    message: "The request did not arrive in time.",
  },
};
