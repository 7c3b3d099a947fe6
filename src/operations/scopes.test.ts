import { expect, test } from "vitest";
import { newId } from "../contract/ids.ts";
import type { Principal, Scope } from "../contract/organization.ts";
import { requireScope } from "./scopes.ts";

function callerWith(...scopes: Scope[]): Principal {
  const id = newId();
  return {
    organization: {
      id,
      name: "Test",
      plan: "enterprise",
      environment: "live",
      liveId: id,
      creditLimitNanoUsd: null,
      spentNanoUsd: 0,
      reservedNanoUsd: 0,
      walletNanoUsd: 0,
      createdAt: 0,
    },
    keyId: newId(),
    scopes: new Set(scopes),
  };
}

test("one of several scopes is enough", () => {
  expect(() => requireScope(callerWith("agents:execute"), "agents:read", "agents:execute")).not.toThrow();
});

test("a missing scope is named together with those the key has", () => {
  expect(() => requireScope(callerWith("agents:read"), "keys:manage")).toThrow(
    expect.objectContaining({ code: "insufficient_scope", message: expect.stringMatching(/keys:manage.*agents:read/) }),
  );
  expect(() => requireScope(callerWith(), "keys:manage")).toThrow(/none/);
});
