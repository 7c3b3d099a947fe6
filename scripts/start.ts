// Starts the server from dist/ when that is newer than the sources, else from the sources: npm start [-- --port 8080]
import { isFresh } from "./bundle/is-fresh.ts";

const built = "../dist/main.js";
await (isFresh("dist/main.js") ? import(built) : import("../src/main.ts"));
