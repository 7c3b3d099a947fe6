import type { BundleLimits } from "./bundle-limits.ts";
import { checkLinkTarget, readEntryPath } from "./entry-path.ts";
import { invalidBundle, invalidEntry } from "./invalid-bundle.ts";

/** An entry as an archive has it; everything that decides nothing (owner, times, device numbers) is left out. */
export interface ArchiveEntry {
  name: string;
  /** As the archive library calls it; null for one it does not know. */
  type: string | null | undefined;
  linkTarget: string | null | undefined;
  sizeBytes: number;
  mode: number;
}

/** What stands at the root of a project. */
const projectFiles = ["package.json", "pyproject.toml", "requirements.txt"];

/** What is to be made of an entry, with paths relative to the bundle's root. Parents are made before. */
export type TreeNode =
  | { kind: "folder"; path: string }
  | { kind: "file"; path: string; executable: boolean }
  | { kind: "link"; path: string; target: string }
  | { kind: "same-file"; path: string; as: string };

/** As many as Linux follows. */
const maxLinkHops = 40;

/**
 * The names of an archive as it is read, and the rules that an entry has to keep beside those before it: no name twice,
 * nothing below a file or a link, links that stay inside, limits on count and size.
 */
export class ArchiveTree {
  readonly #limits: BundleLimits;
  readonly #nodes = new Map<string, TreeNode>();
  #entries = 0;
  #totalBytes = 0;

  constructor(limits: BundleLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /**
   * @returns what to make, folders above it first; empty when everything is there
   * @throws `bundle_invalid` that names the entry and the rule
   */
  add(entry: ArchiveEntry): TreeNode[] {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) {
      throw invalidBundle(`The bundle has more than ${this.#limits.entries} entries.`);
    }
    const path = readEntryPath(entry.name, this.#limits);
    const node = this.#read(entry, path);
    const folders = this.#foldersAbove(entry.name, path);
    const there = this.#nodes.get(path);
    if (node.kind === "folder" && (path === "" || there?.kind === "folder")) return this.#keep(folders);
    if (path === "") throw invalidEntry(entry.name, "stands for the project's folder, but is no folder.");
    if (there !== undefined) throw invalidEntry(entry.name, `is there twice: the first is a ${there.kind}.`);
    return this.#keep([...folders, node]);
  }

  /**
   * The folder that is the project, once all entries are known: the root, or the one folder in it that has the manifest
   * when the root has none. A folder that is all there is may also be known by another project file; otherwise it is a
   * package of the program, which wants to be imported by its name.
   * @returns the empty string, or a name
   */
  findRoot(manifest: string): string {
    const top = [...this.#nodes.values()].filter(({ path }) => !path.includes("/"));
    if (top.some(({ path, kind }) => path === manifest && kind !== "folder")) return "";
    const folders = top.filter(({ kind }) => kind === "folder");
    const [only] = folders;
    if (only === undefined || folders.length > 1) return "";
    const signs = top.length === 1 ? [manifest, ...projectFiles] : [manifest];
    return signs.some((name) => this.#nodes.has(`${only.path}/${name}`)) ? only.path : "";
  }

  /**
   * Checks every link against the whole tree: only now is it known through which other links it goes.
   * @throws `bundle_invalid` for one that leaves `root`, or goes in circles
   */
  checkLinks(root: string): void {
    for (const node of this.#nodes.values()) {
      if (node.kind === "link" && isInside(root, node.path)) this.#follow(node.path, node.target, root);
    }
  }

  #read(entry: ArchiveEntry, path: string): TreeNode {
    switch (entry.type) {
      case "directory":
        return { kind: "folder", path };
      case "file":
      case "contiguous-file":
        this.#count(entry);
        return { kind: "file", path, executable: (entry.mode & 0o100) !== 0 };
      case "symlink":
        return this.#readLink(entry, path);
      case "link":
        return this.#readSameFile(entry, path);
      default:
        throw invalidEntry(
          entry.name,
          `is a ${entry.type ?? "thing of an unknown type"}; only files, folders and links are allowed.`,
        );
    }
  }

  #count({ name, sizeBytes }: ArchiveEntry): void {
    if (sizeBytes > this.#limits.fileBytes) {
      throw invalidEntry(name, `has ${sizeBytes} bytes; a file may have ${this.#limits.fileBytes}.`);
    }
    this.#totalBytes += sizeBytes;
    if (this.#totalBytes > this.#limits.totalBytes) {
      throw invalidBundle(`The bundle's files have more than ${this.#limits.totalBytes} bytes together.`);
    }
  }

  #readLink(entry: ArchiveEntry, path: string): TreeNode {
    const target = entry.linkTarget ?? "";
    checkLinkTarget(entry.name, target, this.#limits);
    this.#follow(path, target, "");
    return { kind: "link", path, target };
  }

  #readSameFile(entry: ArchiveEntry, path: string): TreeNode {
    const as = readEntryPath(entry.linkTarget ?? "", this.#limits);
    const kind = this.#nodes.get(as)?.kind;
    if (kind !== "file" && kind !== "same-file") {
      throw invalidEntry(
        entry.name,
        `is a hard link to ${JSON.stringify(as)}, which is no file that stands before it.`,
      );
    }
    return { kind: "same-file", path, as };
  }

  #foldersAbove(name: string, path: string): TreeNode[] {
    const missing: TreeNode[] = [];
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      const kind = this.#nodes.get(folder)?.kind;
      if (kind === undefined) missing.push({ kind: "folder", path: folder });
      else if (kind === "link") throw invalidEntry(name, `lies below ${JSON.stringify(folder)}, which is a link.`);
      else if (kind !== "folder") throw invalidEntry(name, `lies below ${JSON.stringify(folder)}, which is a file.`);
    }
    return missing;
  }

  #keep(nodes: TreeNode[]): TreeNode[] {
    // Folders that entries imply count as well: they cost as much as those that are written out.
    this.#entries += Math.max(0, nodes.length - 1);
    for (const node of nodes) this.#nodes.set(node.path, node);
    return nodes;
  }

  /** Walks a link's target as the system would, through the links on its way. What is missing counts as a folder. */
  #follow(path: string, target: string, root: string): void {
    const leaves = () => invalidEntry(path, `is a link to ${JSON.stringify(target)}, which leads out of the project.`);
    const inside = root === "" ? path : path.slice(root.length + 1);
    const at = inside.split("/").slice(0, -1);
    const ahead = target.split("/").toReversed();
    let hops = 0;
    for (let segment = ahead.pop(); segment !== undefined; segment = ahead.pop()) {
      if (segment === "" || segment === ".") continue;
      if (segment === "..") {
        if (at.pop() === undefined) throw leaves();
        continue;
      }
      at.push(segment);
      const node = this.#nodes.get(root === "" ? at.join("/") : `${root}/${at.join("/")}`);
      if (node?.kind !== "link") continue;
      hops += 1;
      if (hops > maxLinkHops) throw invalidEntry(path, "is a link that goes through too many others, or in a circle.");
      at.pop();
      ahead.push(...node.target.split("/").toReversed());
    }
  }
}

function isInside(root: string, path: string): boolean {
  return root === "" || path.startsWith(`${root}/`);
}
