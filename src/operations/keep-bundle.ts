import type { AgentDefinition } from "../contract/agent.ts";
import type { OperationParts } from "./parts.ts";

/** Commits something that refers to a definition's bundle, if it has one, while nobody may remove the bundle's bytes. */
export function keepBundle<T>(
  { blobFiles }: Pick<OperationParts, "blobFiles">,
  definition: AgentDefinition,
  commit: () => Promise<T>,
): Promise<T> {
  const bundle = definition.runtime === "code" ? definition.bundle : undefined;
  return bundle === undefined ? commit() : blobFiles.keep(bundle.sha256, commit);
}
