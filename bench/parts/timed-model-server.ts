// The model of bench/first-token.ts, a process of its own: waits as many milliseconds as the input says, then begins an
// answer whose first delta says how long it took from the request to that delta, in milliseconds. The rest follows a little
// later, so that the first delta is delivered by itself. Run: node bench/parts/timed-model-server.ts
import { setTimeout as pause } from "node:timers/promises";
import { createScriptedModel } from "../../test/support/scripted-model.ts";

const model = await createScriptedModel({
  record: false,
  script: async ({ lastUserText }) => {
    const delayMs = Number(lastUserText);
    const receivedAt = performance.now();
    if (delayMs > 0) await pause(delayMs);
    return [
      { type: "text", text: [`own=${(performance.now() - receivedAt).toFixed(4)};`] },
      { type: "pause", ms: 4 },
      { type: "text", text: ["the", " rest"] },
    ];
  },
});
process.stdout.write(`${model.url}\n`);
process.once("SIGTERM", () => void model.close());
