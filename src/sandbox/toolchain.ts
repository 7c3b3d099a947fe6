import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { executable, findProgram } from "./find-program.ts";
import type { SandboxTool } from "./sandbox.ts";

/** The folder inside where tools are found that are not under `/usr`. */
const home = "/opt/runyard";
export const toolPath = `${home}/bin:/usr/local/bin:/usr/bin:/bin`;

export interface Toolchain {
  readonly tools: readonly SandboxTool[];
  /** What to mount for them, sources as on this machine. */
  readonly mounts: readonly { source: string; target: string }[];
  readonly links: readonly { target: string; path: string }[];
}

export interface ToolchainOptions {
  searchPath: string;
  nodePath: string;
  npmPath?: string;
  pythonPath?: string;
  uvPath?: string;
}

/**
 * Finds Node, npm, Python and uv on this machine and decides how each is seen inside: what is under `/usr` by a link, the
 * rest by a mount. The system's Python is preferred to others of the search path, since it needs no mount.
 */
export async function findToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const mounts: { source: string; target: string }[] = [];
  const links: { target: string; path: string }[] = [];
  /** Makes a file or folder visible and says where. */
  const show = (source: string, as: string): string => {
    if (source === "/usr" || source.startsWith("/usr/")) return source;
    mounts.push({ source, target: `${home}/${as}` });
    return `${home}/${as}`;
  };
  const link = (name: string, target: string) => {
    // The one that is found anyway needs none; measured, Python takes some milliseconds to see through one.
    if (findProgram(name, "/usr/local/bin:/usr/bin") !== target) links.push({ target, path: `${home}/bin/${name}` });
  };

  const node = executable(options.nodePath);
  if (node !== undefined) link("node", show(node, "node"));
  const npm = findNpm(options, node);
  if (npm !== undefined) {
    const folder = show(npm, "npm");
    link("npm", `${folder}/bin/npm-cli.js`);
    link("npx", `${folder}/bin/npx-cli.js`);
  }
  const python = await findPython(options);
  if (python !== undefined) {
    const inside = join(show(python.prefix, "python"), python.program.slice(python.prefix.length));
    link("python3", inside);
    link("python", inside);
  }
  const uv = options.uvPath === undefined ? findProgram("uv", options.searchPath) : executable(options.uvPath);
  if (uv !== undefined) link("uv", show(uv, "uv"));
  return {
    tools: [
      { name: "node", source: node },
      { name: "npm", source: npm },
      { name: "python3", source: python?.program },
      { name: "uv", source: uv },
    ],
    mounts,
    links,
  };
}

/** The folder of npm's package: it comes beside Node, or is installed on its own. */
function findNpm({ npmPath, searchPath }: ToolchainOptions, node: string | undefined): string | undefined {
  const beside = node === undefined ? undefined : join(dirname(node), "npm");
  const command =
    npmPath === undefined
      ? ((beside === undefined ? undefined : executable(beside)) ?? findProgram("npm", searchPath))
      : executable(npmPath);
  if (command === undefined) return undefined;
  const folder = dirname(dirname(command));
  if (existsSync(join(folder, "bin/npm-cli.js"))) return folder;
  const library = join(folder, "lib/node_modules/npm");
  return existsSync(join(library, "bin/npm-cli.js")) ? realpathSync(library) : undefined;
}

/** A Python and the folder that all of it is in. */
async function findPython({
  pythonPath,
  searchPath,
}: ToolchainOptions): Promise<{ program: string; prefix: string } | undefined> {
  const candidates = pythonPath === undefined ? ["/usr/bin/python3", findProgram("python3", searchPath)] : [pythonPath];
  for (const candidate of candidates) {
    if (candidate === undefined || executable(candidate) === undefined) continue;
    const real = realpathSync(candidate);
    // Asking costs a start of the interpreter, and a system's own one has no surprises.
    if (real.startsWith("/usr/") && !isScript(real)) return { program: real, prefix: "/usr" };
    const asked = await ask(candidate);
    if (asked !== undefined) return asked;
  }
  return undefined;
}

/** Asks what is behind a launcher such as a version manager's, or an environment of `venv`. */
async function ask(python: string): Promise<{ program: string; prefix: string } | undefined> {
  const question =
    "import sys,os;print(sys.base_prefix);print(os.path.realpath(getattr(sys,'_base_executable',sys.executable)))";
  try {
    const { stdout } = await promisify(execFile)(python, ["-I", "-c", question], { timeout: 10_000 });
    const [prefix = "", program = ""] = stdout.trim().split("\n");
    const real = realpathSync(prefix);
    return program.startsWith(`${real}/`) && basename(program).startsWith("python")
      ? { program, prefix: real }
      : undefined;
  } catch {
    return undefined;
  }
}

function isScript(path: string): boolean {
  return readFileSync(path).subarray(0, 2).toString("latin1") === "#!";
}
