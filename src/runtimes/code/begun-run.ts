import type { CodeDefinition } from "../../contract/agent.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { DomainEvent, EventOf } from "../../contract/events.ts";
import type { StepContext } from "../../engine/program.ts";

/** The last thing that is committed before a program gets its run: whoever finds it knows that it may have run. */
export const starting: EventOf<"status-noted"> = { type: "status-noted", body: { text: "Starting agent" } };

/**
 * A run whose process died in the middle may have had any effect: it is not begun again unless the version says that it
 * can be, with a clean working directory and the workspace as it was left.
 *
 * @param when what was going on when the server stopped, in words: "while the program ran"
 * @throws RunyardError `outcome_unknown`
 */
export function refuseInterrupted(
  step: Pick<StepContext, "earlier">,
  { onCrash }: Pick<CodeDefinition, "onCrash">,
  when: string,
): void {
  if (!step.earlier.some(isStarting) || onCrash === "rerun") return;
  throw new RunyardError(
    "outcome_unknown",
    `The server stopped ${when}. What it had done by then is not known, so it was not run again. ` +
      "An agent that can be run twice may say so in its version.",
  );
}

function isStarting(event: DomainEvent): boolean {
  return event.type === "status-noted" && event.body.text === starting.body.text;
}
