import { type JsonObject, jsonObjectSchema } from "../../../contract/json.ts";
import { notAnObject, SchemaError } from "./framework-errors.ts";

/** The body of a route that declares none: whatever object came, and no body is an empty one. @throws SchemaError */
export function readFreeBody(body: unknown): JsonObject {
  if (body === undefined || body === null) return {};
  const object = jsonObjectSchema.safeParse(body);
  if (object.success) return object.data;
  throw new SchemaError([{ ...notAnObject, loc: ["body"] }]);
}
