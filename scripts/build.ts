// Bundles the server and the command line into dist/. Run it before measuring, packing or running for long: npm run build
import { bundleServer } from "./bundle/bundle-server.ts";

await bundleServer("dist");
