import { expect, it } from "vitest";
import { usageReportSchema } from "../../../src/http/dialects/native/schemas/usage.ts";
import { bodyOf, createAgent, errorOf, execute } from "./native-api.ts";
import { startNativePlatform } from "./native-platform.ts";

it("sums up what executions used, by day, agent and model", async () => {
  await using native = await startNativePlatform();
  const { api } = native;
  const [one, two] = [await createAgent(api), await createAgent(api)];
  const runs = [await execute(api, one.id, "a"), await execute(api, one.id, "b"), await execute(api, two.id, "c")];
  const tokens = runs.reduce((sum, run) => sum + run.usage.totalTokens, 0);
  const report = async (query: string) => bodyOf(await api.get(`/v1/usage${query}`), 200, usageReportSchema);
  const byDay = await report("");
  expect(byDay.data.map(({ key, executions }) => [key, executions])).toEqual([
    [new Date().toISOString().slice(0, 10), 3],
  ]);
  expect(byDay.total).toMatchObject({ executions: 3, usage: { totalTokens: tokens } });
  const byAgent = await report("?groupBy=agent");
  expect(Object.fromEntries(byAgent.data.map(({ key, executions }) => [key, executions]))).toEqual({
    [one.id]: 2,
    [two.id]: 1,
  });
  expect((await report(`?groupBy=model&agentId=${two.id}`)).total.executions).toBe(1);
  expect((await report("?endDate=2020-01-01")).total.executions).toBe(0);
  expect(errorOf(await api.get("/v1/usage?groupBy=hour"), 400).param).toBe("groupBy");
  expect(errorOf(await api.get("/v1/usage?startDate=2026-03-02&endDate=2026-03-01"), 422).param).toBe("endDate");
  const stranger = await native.stranger();
  expect(bodyOf(await stranger.get("/v1/usage"), 200, usageReportSchema).total.executions).toBe(0);
});
