// The model of bench/streams.ts, a process of its own. What it does is the first word of the input:
// - `stall`: one delta, then nothing more, with the connection open;
// - `flood EVENTS BYTES`: so many deltas of so many characters, text and reasoning in turn, which are not merged.
// Run: node bench/parts/stream-model-server.ts
import { createScriptedModel, type ScriptStep } from "../../test/support/scripted-model.ts";

/** Deltas that leave in one write, as from a model behind a fast network. */
const groupSize = 40;

const model = await createScriptedModel({
  record: false,
  script: ({ lastUserText }) => {
    const [word, events, bytes] = lastUserText.split(" ");
    if (word === "stall") return [{ type: "text", text: "Wait." }, { type: "stall" }];
    const piece = "x".repeat(Number(bytes));
    return Array.from({ length: Number(events) }, (_, index): ScriptStep[] => {
      const delta: ScriptStep = { type: index % 2 === 0 ? "text" : "reasoning", text: piece };
      return index % groupSize === 0 ? [{ type: "pause", ms: 1 }, delta] : [delta];
    }).flat();
  },
});
process.stdout.write(`${model.url}\n`);
process.once("SIGTERM", () => void model.close());
