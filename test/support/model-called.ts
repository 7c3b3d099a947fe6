import type { EventOf } from "../../src/contract/events.ts";
import { noUsage, type Usage } from "../../src/contract/usage.ts";

/** What a log says of one model call that came to its end. */
export function modelCalled(costNanoUsd: number | null, usage: Usage = noUsage): EventOf<"model-called"> {
  return {
    type: "model-called",
    body: {
      model: "test/echo",
      purpose: "answer",
      finishReason: "stop",
      estimated: false,
      durationMs: 4,
      usage,
      costNanoUsd,
    },
  };
}
