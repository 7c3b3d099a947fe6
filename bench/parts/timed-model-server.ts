// The model of bench/first-token.ts, a process of its own: waits, then begins an answer whose first delta says how long it
// took from the request to that delta, in milliseconds. Run: node bench/parts/timed-model-server.ts DELAY_MS
import { setTimeout as pause } from "node:timers/promises";
import { createScriptedModel } from "../../test/support/scripted-model.ts";

const delayMs = Number(process.argv[2] ?? 20);
const model = await createScriptedModel({
  record: false,
  script: async () => {
    const receivedAt = performance.now();
    await pause(delayMs);
    return [
      { type: "text", text: [`own=${(performance.now() - receivedAt).toFixed(4)};`] },
      { type: "flush" },
      { type: "text", text: ["the", " rest"] },
    ];
  },
});
process.stdout.write(`${model.url}\n`);
process.once("SIGTERM", () => void model.close());
