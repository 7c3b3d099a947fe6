/**
 * Whether a status comes from something between us and the server, which cannot say whether the server did its work:
 * request timeout, bad gateway, gateway timeout.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-server-error-5xx
 */
export function isGatewayStatus(status: number): boolean {
  return status === 408 || status === 502 || status === 504;
}
