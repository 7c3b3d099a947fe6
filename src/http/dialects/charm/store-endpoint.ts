import type { RouteScope } from "../../documented-schema.ts";
import type { CharmParts } from "./endpoint.ts";

export const storeBase = "/charm/api/v1";

/** Where the command line looks when its base is set without the final `/api`. */
export const otherBase = "/charm/v1";

/** Registers one route below a base. */
export type StoreEndpoint = (scope: RouteScope, parts: CharmParts, base: string) => void;
