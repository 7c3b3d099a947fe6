import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CodeDefinition } from "../../src/contract/agent.ts";
import { newId } from "../../src/contract/ids.ts";
import { countUnreadNotifications } from "../../src/operations/count-unread-notifications.ts";
import { createAgent } from "../../src/operations/create-agent.ts";
import { createKey } from "../../src/operations/create-key.ts";
import { createNotification } from "../../src/operations/create-notification.ts";
import { createUser } from "../../src/operations/create-user.ts";
import { deleteNotification } from "../../src/operations/delete-notification.ts";
import { getUser } from "../../src/operations/get-user.ts";
import { listAllUsers } from "../../src/operations/list-all-users.ts";
import { listNotifications } from "../../src/operations/list-notifications.ts";
import type { Caller } from "../../src/operations/operations.ts";
import { readNotifications } from "../../src/operations/read-notifications.ts";
import { updateNotification } from "../../src/operations/update-notification.ts";
import { updateOwnUser } from "../../src/operations/update-own-user.ts";
import { databaseKinds } from "../support/test-database.ts";
import { failure, startTestOperations, type TestOperations } from "./test-operations.ts";

describe.each(databaseKinds)("users and notifications on %s", (kind) => {
  let operations: TestOperations;
  beforeAll(async () => {
    operations = await startTestOperations(kind);
  });
  afterAll(async () => operations[Symbol.asyncDispose]());

  const notify = (caller: Caller, userId: string, title = "Done") =>
    createNotification(operations.parts, caller, { userId, title, body: "It is done.", kind: "info" });

  test("the key's own user is there before anything is said of it, and keeps what is", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const { id } = caller.organization;
    expect(await getUser(parts, caller)).toMatchObject({ id, profile: {}, createdAt: operations.time });
    await updateOwnUser(parts, caller, { email: "a@example.com", theme: "dark", tags: ["x"] });
    const changed = await updateOwnUser(parts, caller, { theme: "light", email: null });
    expect(changed.profile).toEqual({ email: "a@example.com", theme: "light", tags: ["x"] });
    expect(await getUser(parts, caller, id)).toEqual(changed);
    await expect(createUser(parts, caller, { id, profile: {} })).rejects.toThrow(failure("user_exists"));
  });

  test("changes of the own user at the same time are all kept", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    await Promise.all(["a", "b", "c"].map((name) => updateOwnUser(parts, caller, { [name]: true })));
    expect((await getUser(parts, caller)).profile).toEqual({ a: true, b: true, c: true });
  });

  test("a profile has its limit, also when it grows bit by bit", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    await updateOwnUser(parts, caller, { a: "x".repeat(40_000) });
    await expect(updateOwnUser(parts, caller, { b: "x".repeat(40_000) })).rejects.toThrow(failure("unprocessable"));
    const profile = { a: "x".repeat(70_000) };
    await expect(createUser(parts, caller, { profile })).rejects.toThrow(failure("unprocessable"));
  });

  test("an id is taken once; a user who was only named is filled in", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const made = await createUser(parts, caller, { id: "ann", profile: { name: "Ann" } });
    expect(await getUser(parts, caller, "ann")).toEqual(made);
    await expect(createUser(parts, caller, { id: "ann", profile: {} })).rejects.toThrow(failure("user_exists", "id"));
    await notify(caller, "bob");
    const named = await getUser(parts, caller, "bob");
    expect(named.profile).toEqual({});
    operations.time += 1000;
    const filled = await createUser(parts, caller, { id: "bob", profile: { name: "Bob" } });
    expect(filled).toMatchObject({ profile: { name: "Bob" }, createdAt: named.createdAt });
    expect(await getUser(parts, caller, "bob")).toEqual(filled);
    await expect(createUser(parts, caller, { id: "bob", profile: {} })).rejects.toThrow(failure("user_exists"));
    for (const id of ["", "x".repeat(256)]) {
      await expect(createUser(parts, caller, { id, profile: {} })).rejects.toThrow(
        failure("invalid_field_value", "id"),
      );
    }
  });

  test("the owner of an agent is a user from then on", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const definition: CodeDefinition = {
      runtime: "code",
      name: "Owned",
      description: "",
      adapter: "python",
      lifecycle: "serverless",
      timeoutMs: 1000,
      memoryBytes: 1_000_000,
      environmentNames: [],
      onCrash: "fail",
      metadata: {},
    };
    await createAgent(parts, caller, { ...definition, owner: "olga" });
    expect((await getUser(parts, caller, "olga")).profile).toEqual({});
    for (const owner of ["", "x".repeat(300)]) await createAgent(parts, caller, { ...definition, owner });
    await expect(getUser(parts, caller, "")).rejects.toThrow(failure("user_not_found"));
  });

  test("users of others are not there, and whoever runs the installation sees all", async () => {
    const { parts, first } = operations;
    const [one, other] = [await operations.stranger(), await operations.stranger()];
    await createUser(parts, one, { id: "carl", profile: { name: "Carl" } });
    await expect(getUser(parts, other, "carl")).rejects.toThrow(failure("user_not_found"));
    await createUser(parts, other, { id: "carl", profile: { name: "Another" } });
    const all = await listAllUsers(parts, first, { limit: 500, offset: 0 });
    const carls = all.filter(({ id }) => id === "carl");
    expect(carls.map(({ organizationId }) => organizationId).toSorted()).toEqual(
      [one.organization.id, other.organization.id].toSorted(),
    );
    expect(all.map(({ id }) => id)).toContain(one.organization.id);
    const page = await listAllUsers(parts, first, { limit: 2, offset: 1 });
    expect(page).toEqual(all.slice(1, 3));
    await expect(listAllUsers(parts, one, { limit: 1, offset: 0 })).rejects.toThrow(failure("insufficient_scope"));
  });

  test("notifications are listed newest first, counted and read", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const made = [];
    for (const title of ["one", "two", "three"]) made.push(await notify(caller, "dora", title));
    await notify(caller, caller.organization.id, "own");
    const dora = { userId: "dora" };
    const titles = async (filter: { userId?: string }, page: { limit: number; offset?: number }) =>
      (await listNotifications(parts, caller, filter, page)).items.map(({ title }) => title);
    expect(await titles(dora, { limit: 2 })).toEqual(["three", "two"]);
    expect(await titles(dora, { limit: 2, offset: 2 })).toEqual(["one"]);
    expect(await titles({}, { limit: 10 })).toEqual(["own"]);
    expect(await countUnreadNotifications(parts, caller, dora)).toBe(3);

    const [first, second] = made.map(({ id }) => id);
    const ids = [first ?? "", second ?? "", second ?? "", newId(), ...Array.from({ length: 1200 }, newId)];
    expect(await readNotifications(parts, caller, ids)).toBe(2);
    expect(await readNotifications(parts, caller, ids)).toBe(0);
    expect(await readNotifications(parts, caller, [])).toBe(0);
    expect(await countUnreadNotifications(parts, caller, dora)).toBe(1);
    expect(await countUnreadNotifications(parts, caller, {})).toBe(1);
  });

  test("a notification is changed, keeps when it was read, and goes", async () => {
    const { parts } = operations;
    const caller = await operations.stranger();
    const made = await notify(caller, "eve");
    const readAt = operations.time;
    const read = await updateNotification(parts, caller, made.id, { isRead: true });
    expect(read).toEqual({ ...made, readAt });
    operations.time += 1000;
    expect(await updateNotification(parts, caller, made.id, { isRead: true, title: "Later" })).toEqual({
      ...read,
      title: "Later",
    });
    expect((await updateNotification(parts, caller, made.id, { isRead: false })).readAt).toBeNull();
    await deleteNotification(parts, caller, made.id);
    await expect(deleteNotification(parts, caller, made.id)).rejects.toThrow(failure("notification_not_found"));
    await expect(updateNotification(parts, caller, made.id, {})).rejects.toThrow(failure("notification_not_found"));
  });

  test("another organization's notification is not there", async () => {
    const { parts } = operations;
    const [owner, other] = [await operations.stranger(), await operations.stranger()];
    const { id } = await notify(owner, "fay");
    await expect(updateNotification(parts, other, id, { isRead: true })).rejects.toThrow(
      failure("notification_not_found"),
    );
    await expect(deleteNotification(parts, other, id)).rejects.toThrow(failure("notification_not_found"));
    expect(await readNotifications(parts, other, [id])).toBe(0);
    expect((await listNotifications(parts, other, { userId: "fay" }, { limit: 10 })).items).toEqual([]);
    expect(await countUnreadNotifications(parts, owner, { userId: "fay" })).toBe(1);
  });

  test("a key that only reads changes nothing", async () => {
    const { parts } = operations;
    const owner = await operations.stranger();
    const made = await createKey(parts, owner, { name: "Reader", environment: "live", scopes: ["agents:read"] });
    const reader = await operations.callerOf(made.key);
    for (const call of [
      () => createUser(parts, reader, { profile: {} }),
      () => updateOwnUser(parts, reader, { a: 1 }),
      () => notify(reader, "gil"),
      () => readNotifications(parts, reader, [newId()]),
      () => updateNotification(parts, reader, newId(), {}),
      () => deleteNotification(parts, reader, newId()),
    ]) {
      await expect(call()).rejects.toThrow(failure("insufficient_scope"));
    }
    await expect(getUser(parts, { ...owner, scopes: new Set(["analytics:read"]) })).rejects.toThrow(
      failure("insufficient_scope"),
    );
  });
});
