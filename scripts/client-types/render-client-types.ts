import { readFileSync } from "node:fs";
import { format } from "oxfmt";
import { readApiDocument } from "./read-document.ts";
import { renderTypes } from "./render-types.ts";

const head = `// Generated from the OpenAPI document by scripts/write-client-types.ts. Do not edit.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
`;

/** The whole generated file of the client, in the format of this repository. */
export async function renderClientTypes(): Promise<string> {
  const { components } = await readApiDocument();
  const options = JSON.parse(readFileSync(new URL("../../.oxfmtrc.json", import.meta.url), "utf8"));
  const { code, errors } = await format("native-api.ts", `${head}\n${renderTypes(components.schemas)}`, options);
  if (errors.length > 0) throw new Error(`the generated types are not TypeScript: ${JSON.stringify(errors)}`);
  return code;
}
