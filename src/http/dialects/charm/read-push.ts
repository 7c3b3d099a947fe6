import type { MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import type { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { JsonObject } from "../../../contract/json.ts";
import { parseJsonBody } from "../../json-body.ts";
import { parseBody, SchemaError } from "./framework-errors.ts";
import { olderPushSchema, pushSchema } from "./schemas/push.ts";

/** What was pushed, in whichever of the forms. */
export interface Push {
  /** The manifest as the command line has read and filled it. */
  uac: JsonObject;
  repo: JsonObject | undefined;
  /** Where the manifest stands in the request, for complaints about it. */
  place: readonly string[];
  /** Where the bytes of the bundle were put before. */
  storagePath: string | undefined;
}

/** Whether a request registers something that was pushed, rather than anything else that comes by the same path. */
export function isPush(request: FastifyRequest): boolean {
  if (isForm(request)) return true;
  const { body } = request;
  if (!isObject(body)) return false;
  return isObject(body["uac"]) || (isObject(body["metadata"]) && "uac" in body["metadata"]);
}

/**
 * @param keep stores the bundle of a form and gives back its storage path
 * @throws SchemaError
 */
export async function readPush(request: FastifyRequest, keep: (content: Readable) => Promise<string>): Promise<Push> {
  if (isForm(request)) return readForm(request, keep);
  const { body } = request;
  if (isObject(body) && isObject(body["uac"])) return older(parseBody(olderPushSchema, body), undefined);
  const { metadata, storage_path } = parseBody(pushSchema, body);
  return {
    uac: metadata.uac,
    repo: metadata.repo ?? undefined,
    place: ["metadata", "uac"],
    storagePath: storage_path ?? undefined,
  };
}

/** `file` holds the bundle, `metadata` JSON text of `{uac, repo}`, in either order. */
async function readForm(request: FastifyRequest, keep: (content: Readable) => Promise<string>): Promise<Push> {
  let storagePath: string | undefined;
  let metadata: z.infer<typeof olderPushSchema> | undefined;
  for await (const part of request.parts()) {
    if (part.type === "file") {
      if (part.fieldname === "file" && storagePath === undefined) storagePath = await keepPart(part, keep);
      else part.file.resume();
    } else if (part.fieldname === "metadata") {
      metadata = parseBody(olderPushSchema, parseJsonBody(Buffer.from(String(part.value))));
    }
  }
  if (metadata === undefined) {
    throw new SchemaError([{ type: "missing", loc: ["body", "metadata"], msg: "Field required", input: null }]);
  }
  return older(metadata, storagePath);
}

async function keepPart({ file }: MultipartFile, keep: (content: Readable) => Promise<string>): Promise<string> {
  const storagePath = await keep(file);
  if (file.truncated) throw new RunyardError("body_too_large", "The bundle is over the limit of this route.");
  return storagePath;
}

function older({ uac, repo }: z.infer<typeof olderPushSchema>, storagePath: string | undefined): Push {
  return { uac, repo: repo ?? undefined, place: ["uac"], storagePath };
}

function isForm(request: FastifyRequest): boolean {
  return /^multipart\/form-data\b/i.test(request.headers["content-type"] ?? "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
