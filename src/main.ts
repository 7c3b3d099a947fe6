import { runProcess } from "./cli/run-process.ts";

/** The server alone: `runyard serve` with the flags given here, until SIGTERM or SIGINT. */
await runProcess(["serve", ...process.argv.slice(2)]);
