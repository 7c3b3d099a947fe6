import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Environment } from "../contract/organization.ts";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 256 bits in base 62, and 32 bits. */
const secretLength = 43;
const checksumLength = 6;
const ownShape = /^ya_(?:live|test)_sk_[0-9A-Za-z]{49}$/;

/** A new key: prefix, 256 random bits and a checksum by which a mistyped or cut key is told without a look-up. */
export function createKeyText(environment: Environment): string {
  const body = `ya_${environment}_sk_${inBase62(BigInt(`0x${randomBytes(32).toString("hex")}`), secretLength)}`;
  return body + checksumOf(body);
}

/** Whether a text has the form of our keys but cannot be one. Keys that an operator has chosen have any form. */
export function isMistyped(text: string): boolean {
  return ownShape.test(text) && checksumOf(text.slice(0, -checksumLength)) !== text.slice(-checksumLength);
}

/** Keys are random enough for a plain hash: there is nothing to guess. */
export function hashKeyText(text: string): string {
  return hash("sha256", text, "hex");
}

/** What lists show of a key: its first 16 characters, of a short key that an operator has chosen at most a third. */
export function prefixOf(text: string): string {
  return text.slice(0, Math.min(16, Math.floor(text.length / 3)));
}

function checksumOf(body: string): string {
  return inBase62(BigInt(crc32(body)), checksumLength);
}

function inBase62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = digits.charAt(Number(rest % 62n)) + text;
  return text;
}
