import { Readable } from "node:stream";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { StoredFile } from "../../../contract/file.ts";
import { callerOf, sendEarlier } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { refuseUnstorable } from "../../unstorable-text.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { renderFile } from "./render-file.ts";
import { fileSchema } from "./schemas/file.ts";

/** Belongs into a scope that reads `multipart/form-data`. */
export const createFile: Endpoint = (scope, { operations, maxFileBytes }) => {
  scope.post(
    "/v1/files",
    {
      bodyLimit: maxFileBytes + formOverheadBytes,
      config: { scopes: ["agents:write"] },
      schema: {
        ...documented({
          operationId: "createFile",
          tag: "Files",
          summary: "Upload a file",
          description:
            "A multipart form with one part `file`; its file name and media type are kept. One file per call.",
          answers: { 201: { description: "The file", schema: fileSchema } },
          errors: [400, 413, 415],
        }),
        consumes: ["multipart/form-data"],
        body: uploadSchema,
      },
      // The form is read part by part in the handler; the schema is there for the documents.
      validatorCompiler: () => (form: unknown) => ({ value: form }),
    },
    async (request, reply) => {
      if (!request.isMultipart()) {
        throw new RunyardError("unsupported_media_type", "Send multipart/form-data with a part named file.");
      }
      const limits = { files: 2, fileSize: maxFileBytes, fields: 16, fieldSize: 64 * 1024 };
      const files = request.files({ limits });
      const part = await nextFile(files);
      if (part === undefined) throw missingFile();
      if (part.fieldname !== "file") {
        part.file.resume();
        throw missingFile();
      }
      const parsed = partSchema.safeParse({ name: part.filename, type: part.mimetype });
      if (!parsed.success) {
        part.file.resume();
        const message = '"file" must have a file name of 1 to 255 characters and a media type.';
        throw new RunyardError("invalid_field_value", message, { param: "file" });
      }
      refuseUnstorable({ file: parsed.data.name });
      const content = Readable.from(wholeContent(part.file, files, maxFileBytes));
      const file = await operations.createFile(callerOf(request, answer), { ...parsed.data, content });
      return "kind" in file ? sendEarlier(reply, file) : sendJson(reply, 201, answer(file).body);
    },
  );
};

const uploadSchema = z.object({ file: z.string().meta({ contentMediaType: "application/octet-stream" }) });

/** Boundaries and part headers beside the content. */
const formOverheadBytes = 1024 * 1024;

const partSchema = z.object({
  name: z.string().min(1).max(255),
  type: z
    .string()
    .max(255)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;.*)?$/)
    .default("application/octet-stream"),
});

type FormFiles = AsyncIterator<{ file: Readable }>;

async function nextFile<T>(files: AsyncIterator<T>): Promise<T | undefined> {
  try {
    const next = await files.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    throw brokenForm(error);
  }
}

/**
 * Passes a part on and fails at its end when the reader of the form has cut it off at the limit, or another file follows:
 * what reads this keeps nothing of it then.
 */
async function* wholeContent(
  part: Readable & { truncated?: boolean },
  rest: FormFiles,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  try {
    yield* part;
  } catch (error) {
    throw brokenForm(error);
  }
  if (part.truncated === true) {
    throw new RunyardError("body_too_large", `A file may have ${maxBytes} bytes; this one has more.`, {
      param: "file",
    });
  }
  const another = await nextFile(rest);
  if (another === undefined) return;
  another.file.resume();
  const message = "The form has more than one file, and this route takes one. Send each in a call of its own.";
  throw new RunyardError("invalid_field_value", message, { param: "file" });
}

/** What the reader of forms throws for bytes that are no form has no code; what it throws for its limits has. */
function brokenForm(error: unknown): unknown {
  if (error instanceof Error && "code" in error) return error;
  const message = "The body must be a whole multipart form; it broke off or is malformed.";
  return new RunyardError("invalid_field_value", message, { cause: error });
}

function missingFile(): RunyardError {
  return new RunyardError("missing_required_field", 'A part named "file" with a file name is required.', {
    param: "file",
  });
}

function answer(file: StoredFile) {
  return { status: 201, body: renderFile(file) };
}
