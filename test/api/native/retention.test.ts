import { expect, it } from "vitest";
import { createdOrganizationSchema } from "../../../src/http/dialects/native/schemas/organization.ts";
import { bodyOf, createAgent, errorOf, execute, nativeApi } from "./native-api.ts";
import { startNativePlatform } from "./native-platform.ts";

const dayMs = 86_400_000;

it("forgets a conversation of the starter plan after 90 idle days, and not before", async () => {
  let now = Date.now();
  await using native = await startNativePlatform({ now: () => now });
  const created = await native.api.post("/v1/organizations", { name: "Tenant", plan: "starter" });
  const api = nativeApi(native.api.url, bodyOf(created, 201, createdOrganizationSchema).key);
  const agent = await createAgent(api);
  const { conversationId: old } = await execute(api, agent.id, "one");
  now += 2 * dayMs;
  const { conversationId: recent } = await execute(api, agent.id, "two");
  now += 89 * dayMs;
  expect(errorOf(await api.get(`/v1/conversations/${old}`), 404).code).toBe("conversation_not_found");
  expect((await api.get(`/v1/conversations/${recent}`)).status).toBe(200);
  const again = await api.post(`/v1/agents/${agent.id}/execute`, { input: "x", conversationId: old });
  expect(errorOf(again, 404).code).toBe("conversation_not_found");
});
