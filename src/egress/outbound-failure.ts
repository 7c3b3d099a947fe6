import { RunyardError } from "../contract/errors.ts";
import { OutboundError } from "./outbound.ts";

const reasonOfCode: Readonly<Record<string, OutboundError["reason"]>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  EADDRNOTAVAIL: "refused",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "too-large",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  ENODATA: "dns",
  EPROTO: "tls",
};

const messageOfReason: Readonly<Record<OutboundError["reason"], string>> = {
  refused: "the connection was refused",
  reset: "the connection was closed before the response was whole",
  timeout: "no answer came in time",
  "too-large": "the response is larger than allowed",
  dns: "the host name could not be resolved",
  tls: "the TLS handshake failed",
  other: "the exchange failed",
};

/** Any failure on the way as an `OutboundError` that keeps it as cause; our own errors stay as they are. */
export function outboundFailure(error: unknown): Error {
  if (error instanceof OutboundError || error instanceof RunyardError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const reason = reasonOfCode[code] ?? (isTlsCode(code) ? "tls" : "other");
  return new OutboundError(reason, code === "" ? messageOfReason[reason] : `${messageOfReason[reason]} (${code})`, {
    cause: error,
  });
}

/** OpenSSL's verification results and Node's own TLS errors have no common prefix. */
function isTlsCode(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code);
}
