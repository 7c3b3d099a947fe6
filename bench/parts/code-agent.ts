import { z } from "zod";
import { FormData, request } from "undici";
import { makeBundle } from "../../test/support/make-bundle.ts";
import type { Product } from "./product.ts";

const fileSchema = z.object({ id: z.string() });

/** Makes an agent of user code by the native API. @returns its id */
export async function createCodeAgent(
  product: Product,
  files: Record<string, string>,
  definition: Record<string, unknown>,
): Promise<string> {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(await makeBundle(files))], { type: "application/gzip" }), "b.tar.gz");
  const { authorization } = product.headers;
  const { body, statusCode } = await request(`${product.url}/v1/files`, {
    method: "POST",
    headers: { authorization },
    body: form,
  });
  const text = await body.text();
  if (statusCode !== 201) throw new Error(`POST /v1/files: ${statusCode} ${text}`);
  const bundle = fileSchema.parse(JSON.parse(text)).id;
  const made = await product.call("POST", "/v1/agents", { runtime: "code", bundle, ...definition });
  return fileSchema.parse(made).id;
}
