import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { checkPaymentSignature } from "./payment-signature.ts";

const secret = "whsec_test";
const now = Date.UTC(2026, 2, 1);
const payload = Buffer.from('{"id":"evt_1"}');

function sign(seconds: number, body: Uint8Array = payload, by: string = secret): string {
  return createHmac("sha256", by).update(`${seconds}.`).update(body).digest("hex");
}

function check(signature: string | undefined, at = now): () => void {
  return () => checkPaymentSignature({ payload, signature, secret }, at);
}

test("a signature of the secret passes, also beside one of an older secret", () => {
  const seconds = now / 1000;
  expect(check(`t=${seconds},v1=${sign(seconds)}`)).not.toThrow();
  expect(check(`t=${seconds}, v1=${sign(seconds, payload, "old")}, v1=${sign(seconds)},v0=abc`)).not.toThrow();
});

test.each([
  ["no header", undefined],
  ["nothing in it", ""],
  ["no time", `v1=${sign(now / 1000)}`],
  ["no signature", `t=${now / 1000}`],
  ["a signature of another secret", `t=${now / 1000},v1=${sign(now / 1000, payload, "other")}`],
  ["a signature of another body", `t=${now / 1000},v1=${sign(now / 1000, Buffer.from("{}"))}`],
  ["a signature of another time", `t=${now / 1000 + 1},v1=${sign(now / 1000)}`],
  ["a short signature", `t=${now / 1000},v1=ab`],
])("%s is refused", (_, signature) => {
  expect(check(signature)).toThrow(expect.objectContaining({ code: "payment_event_refused" }));
});

test("an event that is more than five minutes old or ahead is refused", () => {
  const signature = `t=${now / 1000},v1=${sign(now / 1000)}`;
  expect(check(signature, now + 300_000)).not.toThrow();
  expect(check(signature, now + 300_001)).toThrow(/five minutes/);
  expect(check(signature, now - 300_001)).toThrow(/five minutes/);
});
