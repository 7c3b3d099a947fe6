import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authenticate } from "../../src/operations/authenticate.ts";
import { bootstrap } from "../../src/operations/bootstrap.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createKey } from "../../src/operations/create-key.ts";
import { createKeyText } from "../../src/operations/key-text.ts";
import { KeyUses } from "../../src/operations/key-uses.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { listKeys } from "../../src/operations/list-keys.ts";
import { revokeKey } from "../../src/operations/revoke-key.ts";
import { databaseKinds } from "../support/test-database.ts";
import { chatDefinition, failure, newestFirst, startTestOperations, type TestOperations } from "./test-operations.ts";

describe.each(databaseKinds)("keys on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  test("the first key has every scope, and its text is nowhere in the store", async () => {
    const { first, firstKey, parts } = operations;
    expect([...first.scopes]).toContain("organizations:manage");
    expect(first.organization.id).toBe(operations.organization.id);
    const rows = await parts.database.read({ sql: "select * from api_key", params: [], returnsRows: true });
    expect(JSON.stringify(rows)).not.toContain(firstKey);
    expect(JSON.stringify(rows)).toContain(firstKey.slice(0, 16));
  });

  test("unknown, mistyped and empty keys are refused alike", async () => {
    for (const text of [createKeyText("live"), `${operations.firstKey.slice(0, -1)}_`, "", "x".repeat(500)]) {
      await expect(authenticate(operations.parts, text)).rejects.toThrow(failure("invalid_api_key"));
    }
  });

  test("a revoked key stops at once and leaves the list", async () => {
    const { parts, first } = operations;
    const { apiKey, key } = await createKey(parts, first, { name: "Short", environment: "live" });
    await expect(authenticate(parts, key)).resolves.toMatchObject({ keyId: apiKey.id });
    const revoked = await revokeKey(parts, first, apiKey.id);
    expect(revoked.revokedAt).toBe(operations.time);
    await expect(authenticate(parts, key)).rejects.toThrow(failure("invalid_api_key"));
    const { items } = await listKeys(parts, first, newestFirst);
    expect(items.map(({ id }) => id)).not.toContain(apiKey.id);
    await expect(revokeKey(parts, first, apiKey.id)).rejects.toThrow(failure("key_not_found"));
  });

  test("an expired key says so, and one cannot be made", async () => {
    const { parts, first } = operations;
    const expiresAt = operations.time + 1000;
    const { key } = await createKey(parts, first, { name: "Brief", environment: "live", expiresAt });
    await expect(authenticate(parts, key)).resolves.toBeDefined();
    operations.time += 1000;
    await expect(authenticate(parts, key)).rejects.toThrow(failure("expired_api_key"));
    await expect(
      createKey(parts, first, { name: "Past", environment: "live", expiresAt: operations.time }),
    ).rejects.toThrow(failure("invalid_field_value", "expiresAt"));
  });

  test("a key hands on no scope that it lacks, and none manages organizations", async () => {
    const { parts, first } = operations;
    const { key } = await createKey(parts, first, {
      name: "Manager",
      environment: "live",
      scopes: ["keys:manage", "agents:read"],
    });
    const manager = await operations.callerOf(key);
    for (const scopes of [["agents:write"], ["agents:read", "webhooks:manage"]] as const) {
      await expect(
        createKey(parts, manager, { name: "More", environment: "live", scopes: [...scopes] }),
      ).rejects.toThrow(failure("insufficient_scope", "scopes"));
    }
    await expect(createKey(parts, manager, { name: "Default", environment: "live" })).rejects.toThrow(
      failure("insufficient_scope"),
    );
    await expect(
      createKey(parts, first, { name: "Root", environment: "live", scopes: ["organizations:manage"] }),
    ).rejects.toThrow(failure("insufficient_scope"));
    const { apiKey } = await createKey(parts, manager, { name: "Same", environment: "live", scopes: ["agents:read"] });
    expect(apiKey.scopes).toEqual(["agents:read"]);
  });

  test("test keys act on one twin organization, and live keys do not see what is there", async () => {
    const { parts, first } = operations;
    const made = await Promise.all(
      ["One", "Two", "Three"].map((name) =>
        createKey(parts, first, { name, environment: "test", scopes: ["keys:manage", "agents:read", "agents:write"] }),
      ),
    );
    const callers = await Promise.all(made.map(({ key }) => operations.callerOf(key)));
    const [tester] = callers;
    if (tester === undefined) throw new Error("no test key was made");
    expect(new Set(callers.map(({ organization }) => organization.id)).size).toBe(1);
    expect(tester.organization).toMatchObject({ environment: "test", liveId: first.organization.id });
    const agent = await createAgent(parts, tester, chatDefinition({ name: "Only in test" }));
    expect((await listAgents(parts, first, {}, newestFirst)).items.map(({ id }) => id)).not.toContain(agent.id);
    expect((await listAgents(parts, tester, {}, newestFirst)).items.map(({ id }) => id)).toEqual([agent.id]);

    expect((await listKeys(parts, first, newestFirst)).items.map(({ name }) => name)).toContain("One");
    const seen = (await listKeys(parts, tester, newestFirst)).items;
    expect(seen.map(({ name, environment }) => `${name} ${environment}`).sort()).toEqual([
      "One test",
      "Three test",
      "Two test",
    ]);
    await expect(
      createKey(parts, tester, { name: "Up", environment: "live", scopes: ["agents:read"] }),
    ).rejects.toThrow(failure("insufficient_scope", "environment"));
  });

  test("keys of another organization cannot be seen or revoked", async () => {
    const { parts, first } = operations;
    const stranger = await operations.stranger();
    expect((await listKeys(parts, stranger, newestFirst)).items).toHaveLength(1);
    await expect(revokeKey(parts, stranger, first.keyId)).rejects.toThrow(failure("key_not_found"));
    await expect(authenticate(parts, operations.firstKey)).resolves.toBeDefined();
  });

  test("a key's last use is written once a minute, and disposing waits for it", async () => {
    const { parts, first } = operations;
    const { apiKey, key } = await createKey(parts, first, { name: "Used", environment: "live" });
    const lastUse = async () => {
      const { items } = await listKeys(parts, first, { limit: 100 });
      return items.find(({ id }) => id === apiKey.id)?.lastUsedAt;
    };
    const use = async () => {
      const keyUses = new KeyUses({ database: parts.database });
      await authenticate({ ...parts, keyUses }, key);
      await keyUses[Symbol.asyncDispose]();
    };
    await use();
    const firstUse = operations.time;
    expect(await lastUse()).toBe(firstUse);
    operations.time += 59_999;
    await use();
    expect(await lastUse()).toBe(firstUse);
    operations.time += 1;
    await use();
    expect(await lastUse()).toBe(operations.time);
  });

  test("starting again changes nothing, and a configured key is added when it is new", async () => {
    const { parts, organization } = operations;
    const keys = await operations.count("api_key");
    await expect(bootstrap(parts, {})).resolves.toMatchObject({ organization: { id: organization.id } });
    expect(await operations.count("api_key")).toBe(keys);
    const before = await operations.count("organization");
    for (const apiKey of ["chosen-by-the-operator-1", "chosen-by-the-operator-2", "chosen-by-the-operator-1"]) {
      const outcome = await bootstrap(parts, { apiKey });
      expect(outcome).toMatchObject({ generatedKey: undefined, configuredKeyRevoked: false });
      const caller = await operations.callerOf(apiKey);
      expect([...caller.scopes]).toContain("organizations:manage");
    }
    expect(await operations.count("api_key")).toBe(keys + 2);
    expect(await operations.count("organization")).toBe(before);
  });

  test("a configured key that was revoked stays revoked", async () => {
    const { parts, first } = operations;
    const apiKey = "chosen-by-the-operator-3";
    await bootstrap(parts, { apiKey });
    const { keyId } = await operations.callerOf(apiKey);
    await revokeKey(parts, first, keyId);
    expect(await bootstrap(parts, { apiKey })).toMatchObject({ configuredKeyRevoked: true });
    await expect(authenticate(parts, apiKey)).rejects.toThrow(failure("invalid_api_key"));
  });
});
