// Fetches the default local model into the folder given as the only argument; scripts/setup runs it before the tests.
import { createOutbound } from "../src/egress/create-outbound.ts";
import { defaultLocalModel } from "../src/models/local/catalogue.ts";
import { pullModel } from "../src/models/local/pull-model.ts";

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("Expected a folder as the only argument.");
await using outbound = createOutbound();
let phase = "ready";
await pullModel(defaultLocalModel, {
  dataDir,
  outbound,
  onProgress(progress) {
    if (progress.phase !== phase) console.log(`setup: ${progress.phase} ${defaultLocalModel}`);
    phase = progress.phase;
  },
});
