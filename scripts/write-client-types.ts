// Writes client/src/generated/native-api.ts from the OpenAPI document. Run it after a change to the native API's schemas.
import { mkdirSync, writeFileSync } from "node:fs";
import { renderClientTypes } from "./client-types/render-client-types.ts";

const folder = new URL("../client/src/generated/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("native-api.ts", folder), await renderClientTypes());
