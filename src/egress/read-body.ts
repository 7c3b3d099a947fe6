import { OutboundError, type OutboundResponse } from "./outbound.ts";
import type { Json } from "../contract/json.ts";

/**
 * Reads a body to its end as UTF-8. Its size and pace are bounded by the request's own limits.
 * @throws OutboundError when the body is cut short or over its limit; the reason of the request's signal when it aborts
 */
export async function readText(response: OutboundResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Reads a body to its end as JSON.
 * @throws OutboundError as `readText`, and when the body is not JSON
 */
export async function readJson(response: OutboundResponse): Promise<Json> {
  const text = await readText(response);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OutboundError("other", "the response is not JSON", { cause });
  }
}
