import type { FastifyInstance } from "fastify";
import { refuseUnstorable } from "./unstorable-text.ts";

/**
 * Makes the routes of a scope read `application/x-www-form-urlencoded` beside JSON, as an object of strings; a repeated
 * name gives a list.
 */
export function acceptUrlencodedForms(scope: FastifyInstance): void {
  scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, text, done) => {
    try {
      const fields = readForm(String(text));
      refuseUnstorable(fields);
      done(null, fields);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function readForm(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : [earlier, value].flat());
  }
  return Object.fromEntries(fields);
}
