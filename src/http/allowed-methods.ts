import type { FastifyInstance } from "fastify";

/** Remembers every route of an app, to answer a wrong method on a path that exists with 405 and `Allow`. */
export class AllowedMethods {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  constructor(app: FastifyInstance) {
    app.addHook("onRoute", (route) => {
      const known = this.#routes.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
      for (const method of [route.method].flat()) known.methods.add(method.toUpperCase());
      this.#routes.set(route.url, known);
    });
  }

  /** The methods of a path, sorted; empty when no route has it. Goes over all routes, so it is for error answers only. */
  of(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.#routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].toSorted();
  }
}

/** `/v1/agents/:id/*` as an expression; a slash at the end is neither here nor there. */
function patternOf(url: string): RegExp {
  const source = url
    .replace(/\/$/, "")
    .split("/")
    .map((segment) => {
      if (segment === "*") return ".*";
      if (segment.startsWith(":")) return "[^/]+";
      return segment.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    })
    .join("/");
  return new RegExp(`^${source}/?$`);
}
