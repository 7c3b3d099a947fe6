import { z } from "zod";
import { metadataSchema } from "./metadata.ts";
import { nameSchema, timeSchema } from "./text.ts";

const description = z.string().max(2000).describe("Tells the agent what the store is for.");
const agentWritable = z.boolean().describe("Whether agents may write and delete entries. Default true.");

export const createMemoryStoreSchema = z
  .object({
    name: nameSchema,
    description: description.optional(),
    agentWritable: agentWritable.optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "CreateMemoryStoreRequest" });

export const updateMemoryStoreSchema = createMemoryStoreSchema.partial().meta({ id: "UpdateMemoryStoreRequest" });

export const memoryStoreSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    agentWritable: z.boolean(),
    entryCount: z.int(),
    metadata: metadataSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: "MemoryStore" });
export type WireMemoryStore = z.infer<typeof memoryStoreSchema>;

const content = z.string().min(1).max(8000);
const key = z.string().min(1).max(200).describe("Unique in the store.");

export const putMemoryEntrySchema = z
  .object({
    content,
    key: key.optional().describe("An entry of the same key is replaced."),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "PutMemoryEntryRequest" });

export const updateMemoryEntrySchema = z
  .object({ content, key: key.nullable(), metadata: metadataSchema })
  .partial()
  .meta({ id: "UpdateMemoryEntryRequest" });

export const memoryEntrySchema = z
  .object({
    id: z.string(),
    storeId: z.string(),
    key: z.string().nullable(),
    content: z.string(),
    metadata: metadataSchema,
    sourceExecutionId: z.string().optional().describe("The execution whose agent wrote it."),
    score: z.number().optional().describe("Higher is better; only in answers to a search."),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: "MemoryEntry" });
export type WireMemoryEntry = z.infer<typeof memoryEntrySchema>;

export const entryParamsSchema = z.object({
  id: z.string().describe("The store's id."),
  entryId: z.string().describe("The entry's id."),
});
