import { randomBytes } from "node:crypto";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { type CharmEndpoint, documented } from "./endpoint.ts";
import { SchemaError } from "./framework-errors.ts";
import { renderLoginPage } from "./login-page.ts";
import { integer } from "./schemas/framework.ts";

/** Where `charm auth login` sends the browser. The page hands the key to the command line that listens on the port. */
export const showLogin: CharmEndpoint = (scope) => {
  scope.get(
    "/charm/cli/login",
    {
      schema: {
        ...documented({
          operationId: "cli_login_cli_login_get",
          tag: "Health",
          summary: "Log the command line in",
          status: 200,
          hide: true,
        }),
        querystring: z.object({ port: integer }),
      },
    },
    (request, reply): FastifyReply => {
      const { port } = request.query;
      if (port < 1 || port > 65_535) {
        const msg = "Input should be a port, 1 to 65535";
        throw new SchemaError([{ type: "value_error", loc: ["query", "port"], msg, input: port }]);
      }
      const nonce = randomBytes(16).toString("base64");
      const policy = [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src 'nonce-${nonce}'`,
        `connect-src 'self' http://127.0.0.1:${port}`,
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ];
      return reply
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", policy.join("; "))
        .header("cache-control", "no-store")
        .header("referrer-policy", "no-referrer")
        .header("x-content-type-options", "nosniff")
        .send(renderLoginPage(port, nonce));
    },
  );
};
