import { z } from "zod";
import { timeSchema } from "./text.ts";

export const fileSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string().describe("Media type."),
    size: z.int().describe("Bytes."),
    sha256: z.string(),
    createdAt: timeSchema,
  })
  .meta({ id: "File" });
export type WireFile = z.infer<typeof fileSchema>;
