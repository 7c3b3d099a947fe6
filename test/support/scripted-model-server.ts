// Runs the scripted model as a process of its own, for drills and benchmarks; prints its URL on one line.
// node test/support/scripted-model-server.ts [--port 0] [--piece-delay-ms 0]
import { parseArgs } from "node:util";
import { defaultScript } from "./default-script.ts";
import { createScriptedModel } from "./scripted-model.ts";
import type { ScriptStep } from "./scripted-step.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    /** Spreads the deltas of texts, so that a drill can hit the middle of an answer. */
    "piece-delay-ms": { type: "string", default: "0" },
  },
});
const pieceDelayMs = Number(values["piece-delay-ms"]);

const model = await createScriptedModel({
  port: Number(values.port),
  record: false,
  script: (request) => (pieceDelayMs > 0 ? defaultScript(request).flatMap(spread) : defaultScript(request)),
});
console.log(model.url);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void model.close());

function spread(step: ScriptStep): ScriptStep[] {
  if (step.type !== "text" || typeof step.text === "string") return [step];
  return step.text.flatMap((text): ScriptStep[] => [
    { type: "text", text },
    { type: "pause", ms: pieceDelayMs },
  ]);
}
