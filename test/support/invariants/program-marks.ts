import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One line that a program has left in its workspace; lines of a workspace come in the order in which they were written. */
export interface ProgramMark {
  /** `<organization>/<agent>/<user>/<thread>`; the runs of a workspace come one after the other. */
  workspace: string;
  word: "begin" | "end";
  /** What its input holds as `note`. */
  note: string;
}

/**
 * Reads the files `marks` of all workspaces.
 * @param directory the code runtime's folder in the data directory
 */
export function readProgramMarks(directory: string): ProgramMark[] {
  const root = join(directory, "workspaces");
  return foldersAtDepth(root, 4).flatMap((workspace) => {
    const path = join(root, workspace, "marks");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n");
    lines.pop(); // behind the last line break there is nothing, or a line that is being written
    return lines.map((line): ProgramMark => {
      const [, word, note] = /^(begin|end) (\S+)$/.exec(line) ?? [];
      if ((word !== "begin" && word !== "end") || note === undefined) throw new Error(`${path} has the line ${line}`);
      return { workspace, word, note };
    });
  });
}

function foldersAtDepth(root: string, depth: number): string[] {
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.flatMap(({ name }) =>
    depth === 1 ? [name] : foldersAtDepth(join(root, name), depth - 1).map((below) => join(name, below)),
  );
}
