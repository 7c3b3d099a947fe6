import type { JSONObject } from "@ai-sdk/provider";
import { z } from "zod";
import { type Json, jsonObjectSchema } from "../../contract/json.ts";

type Metadata = Record<string, JSONObject>;

const metadataSchema = z.record(z.string(), jsonObjectSchema);
const entrySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("reasoning"), text: z.string(), metadata: metadataSchema.optional() }),
  z.object({ type: z.literal("call"), callId: z.string(), metadata: metadataSchema }),
]);

/** What a provider wants back with the tool results: its (sealed) reasoning, and signatures of single tool calls. */
export interface KeptMetadata {
  reasoning: { text: string; metadata?: Metadata }[];
  calls: Map<string, Metadata>;
}

/** As the `reasoning` of a `finish` part; undefined when there is nothing to hand back. */
export function writeKeptMetadata(kept: KeptMetadata): Json[] | undefined {
  const entries = [
    ...kept.reasoning.map(({ text, metadata }) => ({ type: "reasoning", text, metadata })),
    ...[...kept.calls].map(([callId, metadata]) => ({ type: "call", callId, metadata })),
  ];
  if (entries.length === 0) return undefined;
  // A copy in plain JSON: metadata may hold undefined.
  const copy: Json[] = JSON.parse(JSON.stringify(entries));
  return copy;
}

/** Reads it back. Entries of another provider's shape are passed over: an agent may change its model in between. */
export function readKeptMetadata(entries: readonly Json[]): KeptMetadata {
  const kept: KeptMetadata = { reasoning: [], calls: new Map() };
  for (const raw of entries) {
    const { data: entry } = entrySchema.safeParse(raw);
    if (entry === undefined) continue;
    if (entry.type === "reasoning") kept.reasoning.push({ text: entry.text, metadata: entry.metadata });
    else kept.calls.set(entry.callId, entry.metadata);
  }
  return kept;
}
