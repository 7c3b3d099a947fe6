import { keepCompiledCode } from "./cli/compiled-code.ts";

/** The server alone: `runyard serve` with the flags given here, until SIGTERM or SIGINT. */
keepCompiledCode(process.env);
const { runProcess } = await import("./cli/run-process.ts");
await runProcess(["serve", ...process.argv.slice(2)]);
