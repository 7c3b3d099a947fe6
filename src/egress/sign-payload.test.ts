import { expect, it } from "vitest";
import { signPayload } from "./sign-payload.ts";

it("signs timestamp, dot and raw body with the literal secret", () => {
  // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
  const expected = "sha256=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789";
  expect(signPayload("whsec_test", 1_700_000_000, '{"a":1}')).toBe(expected);
  expect(signPayload("whsec_test", 1_700_000_000, new TextEncoder().encode('{"a":1}'))).toBe(expected);
});

it("signs differently for another secret, time or body", () => {
  const signatures = [
    signPayload("a", 1, "x"),
    signPayload("b", 1, "x"),
    signPayload("a", 2, "x"),
    signPayload("a", 1, "y"),
  ];
  expect(new Set(signatures).size).toBe(4);
});
