import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { LayerPlan } from "./layer-plan.ts";
import type { ProjectFiles } from "./project-files.ts";
import { isCharmos, readRequirements, usesProject } from "./python-requirements.ts";

/**
 * Decides what a Python project needs: the dependencies of its `pyproject.toml`, else of its `requirements.txt`.
 *
 * @param importsCharm whether its code imports the module `charm`; the public package of that module is then added,
 *   unless the project asks for it in a version of its own
 * @returns undefined when it needs nothing
 * @throws `preparation_failed` for a manifest that cannot be read
 */
export async function planPython(project: ProjectFiles, importsCharm: boolean): Promise<LayerPlan | undefined> {
  const plan = (await planPyproject(project)) ?? (await planRequirements(project));
  if (!importsCharm) return plan?.plan;
  if (plan === undefined) {
    return { manifest: "the import of charm", files: new Map(), wholeProject: false, wishes: ["charmos"] };
  }
  return plan.namesCharmos ? plan.plan : { ...plan.plan, wishes: [...plan.plan.wishes, "charmos"] };
}

interface Planned {
  plan: LayerPlan;
  namesCharmos: boolean;
}

/** @see https://packaging.python.org/en/latest/specifications/pyproject-toml/ */
const pyprojectSchema = z.object({
  project: z
    .object({ dependencies: z.array(z.string()).default([]), dynamic: z.array(z.string()).default([]) })
    .optional(),
  tool: z
    .object({ poetry: z.object({ dependencies: z.record(z.string(), z.unknown()).optional() }).optional() })
    .optional(),
});

async function planPyproject(project: ProjectFiles): Promise<Planned | undefined> {
  const manifest = "pyproject.toml";
  const text = await project.read(manifest);
  if (text === undefined) return undefined;
  const { project: declared, tool } = readPyproject(text);
  const files = new Map([[manifest, text]]);
  const poetry = Object.keys(tool?.poetry?.dependencies ?? {}).filter((name) => name !== "python");
  // What only the project's own build tool can tell is told by building it.
  if (declared?.dynamic.includes("dependencies") === true || (declared === undefined && poetry.length > 0)) {
    const namesCharmos = poetry.some((name) => isCharmos(name));
    return { plan: { manifest, files, wholeProject: true, wishes: ["."] }, namesCharmos };
  }
  const wishes = declared?.dependencies ?? [];
  if (wishes.length === 0) return undefined;
  const option = wishes.find((wish) => wish.trim().startsWith("-"));
  if (option !== undefined) {
    throw new RunyardError("preparation_failed", `pyproject.toml: ${JSON.stringify(option)} is no dependency.`);
  }
  const wholeProject = wishes.some((wish) => usesProject(wish));
  return { plan: { manifest, files, wholeProject, wishes }, namesCharmos: wishes.some((wish) => isCharmos(wish)) };
}

function readPyproject(text: string): z.infer<typeof pyprojectSchema> {
  try {
    const result = pyprojectSchema.safeParse(parse(text));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new RunyardError(
      "preparation_failed",
      `pyproject.toml: ${issue?.path.join(".") ?? "it"} is not as it should be: ${issue?.message ?? "unreadable"}.`,
    );
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new RunyardError(
      "preparation_failed",
      `pyproject.toml cannot be read, at line ${error.line}, column ${error.column}.`,
      { cause: error },
    );
  }
}

async function planRequirements(project: ProjectFiles): Promise<Planned | undefined> {
  const manifest = "requirements.txt";
  const found = await readRequirements(project, manifest);
  if (found === undefined || found.isEmpty) return undefined;
  const { files, usesProject: wholeProject, namesCharmos } = found;
  return { plan: { manifest, files, wholeProject, wishes: ["-r", manifest] }, namesCharmos };
}
