import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LayerPlan } from "./layer-plan.ts";

/** Makes the folder of an installation: `project/` with what the plan needs of the project, `home/` and `tmp/`. */
export async function prepareDraft(draft: string, plan: LayerPlan, projectDirectory: string): Promise<void> {
  await mkdir(draft);
  for (const name of ["home", "tmp"]) await mkdir(join(draft, name));
  const project = join(draft, "project");
  if (plan.wholeProject) {
    await cp(projectDirectory, project, { recursive: true, verbatimSymlinks: true });
    return;
  }
  await mkdir(project);
  for (const [path, text] of plan.files) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), text);
  }
}
