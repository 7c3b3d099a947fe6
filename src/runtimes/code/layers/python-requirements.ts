import { RunyardError } from "../../../contract/errors.ts";
import type { ProjectFiles } from "./project-files.ts";

/** What requirement files say, as far as it decides what is installed. */
export interface PythonRequirements {
  /** The file and all those that it names, by their path below the project. */
  files: Map<string, string>;
  /** Some line means a folder or archive of the project. */
  usesProject: boolean;
  /** Whether there is anything to install. */
  isEmpty: boolean;
  namesCharmos: boolean;
}

const maxFiles = 50;

/**
 * Reads a requirements file and those that it includes.
 * @returns undefined when there is no such file
 * @throws `preparation_failed` when an included file is missing or not one of the project
 * @see https://pip.pypa.io/en/stable/reference/requirements-file-format/
 */
export async function readRequirements(project: ProjectFiles, path: string): Promise<PythonRequirements | undefined> {
  const text = await project.read(path);
  if (text === undefined) return undefined;
  const found: PythonRequirements = { files: new Map(), usesProject: false, isEmpty: true, namesCharmos: false };
  await readFileInto(found, project, path, text);
  return found;
}

async function readFileInto(
  found: PythonRequirements,
  project: ProjectFiles,
  path: string,
  text: string,
): Promise<void> {
  found.files.set(path, text);
  if (found.files.size > maxFiles) {
    throw new RunyardError("preparation_failed", `The requirement files name more than ${maxFiles} others.`);
  }
  for (const line of linesOf(text)) {
    const included = /^(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(?<name>\S.*)$/.exec(line)?.groups?.name;
    if (included === undefined) {
      noteRequirement(found, line);
    } else if (!/^https?:/i.test(included)) {
      const beside = project.beside(path, included);
      if (found.files.has(beside)) continue;
      const more = await project.read(beside);
      if (more === undefined) {
        throw new RunyardError("preparation_failed", `${path} names ${included}, which is not in the project.`);
      }
      await readFileInto(found, project, beside, more);
    }
  }
}

function noteRequirement(found: PythonRequirements, line: string): void {
  if (usesProject(line)) found.usesProject = true;
  if (!line.startsWith("-") || /^(?:-e|--editable)/.test(line)) found.isEmpty = false;
  if (isCharmos(line)) found.namesCharmos = true;
}

/** Whether a requirement means something that lies in the project rather than a package by its name. */
export function usesProject(requirement: string): boolean {
  return (
    /^(?:-e|--editable|-f|--find-links|\.|\/|file:)|@\s*(?:file:|\.)/i.test(requirement) ||
    /^(?![\w.+-]+:\/\/)[^@;[]*\//.test(requirement)
  );
}

/** Whether a requirement asks for the public package `charmos`, in any version. */
export function isCharmos(requirement: string): boolean {
  return /^charmos\s*(?:$|[[<>=!~;@,(])/i.test(requirement);
}

/** Without comments and empty lines; a line that goes on is one. */
function linesOf(text: string): string[] {
  return text
    .replaceAll("\uFEFF", "")
    .replaceAll(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}
