import type { ServerResponse } from "node:http";

/** Aborts a controller when the client goes away before its answer is whole. */
export function abortOnLeave(response: ServerResponse, controller: AbortController): void {
  if (response.destroyed || response.socket?.destroyed === true) controller.abort();
  else {
    response.once("close", () => {
      // An answer that went out whole closes too; there is nobody left to tell then.
      if (!response.writableFinished) controller.abort();
    });
  }
}
