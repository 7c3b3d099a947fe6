import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { LayerPlan } from "./layer-plan.ts";
import type { ProjectFiles } from "./project-files.ts";

const versions = z.record(z.string(), z.string()).default({});
const packageSchema = z.object({
  dependencies: versions,
  optionalDependencies: versions,
  peerDependencies: versions,
  scripts: z.record(z.string(), z.unknown()).default({}),
  workspaces: z.unknown().optional(),
});

/** The scripts of a project that npm runs while it installs. */
const installScripts = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
const locks = ["npm-shrinkwrap.json", "package-lock.json"];

/**
 * Decides what a Node project needs: what its lock file says, else the dependencies of its `package.json`.
 * @returns undefined when it needs nothing; otherwise `wishes` is `["ci"]` or `["install"]`
 * @throws `preparation_failed` for a `package.json` that cannot be read
 */
export async function planNode(project: ProjectFiles): Promise<LayerPlan | undefined> {
  const manifest = "package.json";
  const text = await project.read(manifest);
  if (text === undefined) return undefined;
  const declared = readPackage(text);
  const scripts = installScripts.some((name) => name in declared.scripts);
  const wanted = { ...declared.peerDependencies, ...declared.optionalDependencies, ...declared.dependencies };
  if (Object.keys(wanted).length === 0 && declared.workspaces === undefined && !scripts) return undefined;
  const files = new Map([[manifest, text]]);
  for (const name of [...locks, ".npmrc"]) {
    const content = await project.read(name);
    if (content !== undefined) files.set(name, content);
  }
  const local = Object.values(wanted).some((version) => /^(?:file:|link:|workspace:|\.|\/|~\/)/.test(version));
  return {
    manifest,
    files,
    wholeProject: scripts || local || declared.workspaces !== undefined,
    wishes: [locks.some((name) => files.has(name)) ? "ci" : "install"],
  };
}

function readPackage(text: string): z.infer<typeof packageSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new RunyardError("preparation_failed", "package.json is not JSON.", { cause });
  }
  const result = packageSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RunyardError(
    "preparation_failed",
    `package.json: ${issue?.path.join(".") || "it"} is not as it should be: ${issue?.message ?? "unreadable"}.`,
  );
}
