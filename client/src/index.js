export * from "./errors.js";
export { ExecutionStream } from "./execution-stream.js";
export { Runyard } from "./runyard.js";
//# sourceMappingURL=index.js.map