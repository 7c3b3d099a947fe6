import multipart from "@fastify/multipart";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { maxBundleBytes } from "../../../operations/bundle-upload.ts";
import { authenticate, readBearerKey } from "../../authentication.ts";
import type { SurfaceParts } from "../../server.ts";
import type { Surface } from "../../surface.ts";
import type { CharmOptions } from "./charm.ts";
import { type CharmParts, tags } from "./endpoint.ts";
import { frameworkValidator } from "./framework-errors.ts";
import { readUntypedJson } from "./json-body.ts";
import { listLogs } from "./list-logs.ts";
import { openUpload } from "./open-upload.ts";
import { putUpload } from "./put-upload.ts";
import { registerAgent } from "./register-agent.ts";
import { renderStoreError } from "./render-error.ts";
import { otherBase, storeBase } from "./store-endpoint.ts";

/** What the Charm command line talks to when it pushes and reads logs, under `/charm/api`. */
export function createCharmStoreSurface(options: CharmOptions, { streams, closing }: SurfaceParts): Surface {
  const { operations, publicUrl } = options;
  const parts: CharmParts = { operations, streams, closing, publicUrl };
  return {
    name: "charm-store",
    prefixes: ["/charm/api", `${otherBase}/agents/upload-token`, `${otherBase}/agents/logs`],
    renderError: renderStoreError,
    document: {
      title: "Charm Store API",
      description: "What the Charm command line calls to push an agent and to read its logs.",
      path: "/charm/api/openapi.json",
      pagePath: "/charm/api/docs",
      tags: tags.filter(({ name }) => name === "Store"),
    },
    async register(scope) {
      scope.addHook("onRequest", authenticate(operations, readBearerKey));
      scope.setValidatorCompiler(frameworkValidator);
      await scope.register(async (uploads) => putUpload(uploads.withTypeProvider<ZodTypeProvider>(), parts));
      await scope.register(async (forms) => {
        await forms.register(multipart, {
          limits: { files: 1, fileSize: maxBundleBytes + 1, fieldSize: 4 * 1024 * 1024 },
        });
        readUntypedJson(forms);
        const store = forms.withTypeProvider<ZodTypeProvider>();
        registerAgent(store, parts);
        for (const base of [storeBase, otherBase]) {
          openUpload(store, parts, base);
          listLogs(store, parts, base);
        }
      });
    },
  };
}
