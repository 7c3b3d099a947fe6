import type { CodeDefinition } from "../../contract/agent.ts";
import { RunyardError } from "../../contract/errors.ts";
import type { CodeRun } from "./code-parts.ts";

/** What a program is written in. */
export type ProgramFamily = "python" | "node";

const families: ReadonlyMap<string, ProgramFamily> = new Map([
  ["python", "python"],
  ["custom", "python"],
  ["langchain", "python"],
  ["langgraph", "python"],
  ["crewai", "python"],
  ["node", "node"],
]);

/** What adapters would need that we know of, but do not have. */
const missing: ReadonlyMap<string, string> = new Map([
  ["openclaw", "the program openclaw with its skills, which is not part of this server"],
  ["hermes", "the program hermes, which is not part of this server"],
]);

export interface Adapter {
  name: string;
  family: ProgramFamily;
}

/**
 * How this run's entry point is called. A caller that names only `python` may well have left it at that by default, so the
 * version's own word goes before it.
 * @throws RunyardError `preparation_failed` naming what is missing, and what works
 */
export function adapterOf(definition: Pick<CodeDefinition, "adapter">, run: Pick<CodeRun, "adapter">): Adapter {
  const name = run.adapter === undefined || run.adapter === "python" ? definition.adapter : run.adapter;
  const family = families.get(name);
  if (family !== undefined) return { name, family };
  const works = [...families.keys()].join(", ");
  const need = missing.get(name);
  const why = need === undefined ? `is not one that is known here` : `needs ${need}`;
  throw new RunyardError("preparation_failed", `The adapter "${name}" ${why}. These work: ${works}.`);
}
