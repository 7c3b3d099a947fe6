import type { FastifyInstance } from "fastify";
import type { RunyardError } from "../contract/errors.ts";

/**
 * One API dialect as the server mounts it. A surface brings its routes and its one error shape; everything about the
 * protocol below them (request ids, bodies, wrong methods, draining, documents) is the server's.
 */
export interface Surface {
  /** For logs and metrics: `native`, `charm`, … */
  readonly name: string;
  /** Where it answers, e.g. `/v1`. Decides whose error shape a path gets that no route has; the longest match wins. */
  readonly prefixes: readonly string[];
  /** Registers the routes with their full paths, in an encapsulated scope of its own. */
  register(scope: FastifyInstance): Promise<void>;
  /** The only place where the surface's error shape is made. The body is JSON text. */
  renderError(error: RunyardError, requestId: string): { status: number; body: string };
  /** Absent: the surface has no document. */
  readonly document?: SurfaceDocument;
}

export interface SurfaceDocument {
  title: string;
  description: string;
  /** Path of the OpenAPI document, e.g. `/openapi.json`. */
  path: string;
  /** Path of the readable page made from it. */
  pagePath: string;
  tags: readonly { name: string; description: string }[];
}

/** The surface that answers for a path; the first one for paths outside all prefixes. */
export function surfaceOf(surfaces: readonly Surface[], path: string): Surface {
  const [first, ...others] = surfaces;
  if (first === undefined) throw new Error("a server needs at least one surface");
  let best = first;
  let bestLength = -1;
  for (const surface of [first, ...others]) {
    for (const prefix of surface.prefixes) {
      const matches = path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}?`);
      if (matches && prefix.length > bestLength) {
        best = surface;
        bestLength = prefix.length;
      }
    }
  }
  return best;
}
