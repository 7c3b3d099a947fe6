import { expect, it } from "vitest";
import { engineQueries } from "../../src/engine/queries.ts";
import type { Statement } from "../../src/store/statement.ts";
import { createTestDatabase } from "../support/test-database.ts";

it("the engine's queries go by an index", async () => {
  await using made = await createTestDatabase("sqlite");
  const { database } = made;
  const queries = engineQueries(database.builder);
  const planOf = async (statement: Statement) => {
    const rows = await database.read({ ...statement, sql: `explain query plan ${statement.sql}` });
    return rows.map((row) => String(row["detail"])).join("\n");
  };
  expect(await planOf(queries.journal({ id: "x" }))).toBe("SEARCH event USING PRIMARY KEY (execution_id=?)");
  expect(await planOf(queries.queueHasRoom({ queueKey: "x", limit: 1 }))).toContain("execution_in_queue (queue_key=?)");
  const due = { now: 1, limit: 1, busyOrganizations: "", busyAgents: "" };
  expect(await planOf(queries.due(due))).toMatch(
    /execution_due[^]*ahead USING (COVERING )?INDEX execution_in_queue \(queue_key=\?\)/,
  );
  expect(await planOf(queries.countOpen({}))).toContain("execution_in_queue");
  expect(await planOf(queries.recover({ now: 1 }))).toContain("execution_running");
});
