import { expect, test } from "vitest";
import { newId } from "../contract/ids.ts";
import { FileLinks } from "./file-links.ts";

const links = new FileLinks(new Uint8Array(32).fill(1));
const organizationId = newId();
const fileId = newId();

test("a ticket names its organization until it expires", () => {
  const ticket = links.sign(organizationId, fileId, 5000);
  expect(ticket).toMatch(/^[\w-]+$/);
  expect(links.verify(fileId, ticket, 4999)).toBe(organizationId);
  expect(links.verify(fileId, ticket, 5000)).toBeUndefined();
});

test("a ticket is good for one file, as it was signed, under one key", () => {
  const ticket = links.sign(organizationId, fileId, 5000);
  expect(links.verify(newId(), ticket, 0)).toBeUndefined();
  expect(new FileLinks(new Uint8Array(32).fill(2)).verify(fileId, ticket, 0)).toBeUndefined();
  const bytes = Buffer.from(ticket, "base64url");
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(links.verify(fileId, changed.toString("base64url"), 0)).toBeUndefined();
  }
  for (const other of ["", "x", ticket.slice(1), `${ticket}AAAA`])
    expect(links.verify(fileId, other, 0)).toBeUndefined();
});
