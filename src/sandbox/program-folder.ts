import { constants } from "node:fs";
import { chmod, type FileHandle, lchown, mkdir, open, readdir } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { RunyardError } from "../contract/errors.ts";

/**
 * Creates `path` and lets the unprivileged user reach it: the folders between `root` and it can be passed through, not
 * listed. `root` itself is reached another way.
 * @throws RunyardError `invalid_field_value` when `path` is not under `root`
 */
export async function makeReachable(root: string, path: string): Promise<void> {
  const below = relative(root, path);
  if (below === "" || below === ".." || below.startsWith(`..${sep}`)) {
    throw new RunyardError("invalid_field_value", `Expected a folder under ${root}, got ${path}.`);
  }
  await mkdir(path, { recursive: true });
  const parents: string[] = [];
  for (let parent = dirname(path); parent !== root; parent = dirname(parent)) parents.push(parent);
  for (const parent of parents) await chmod(parent, 0o711);
}

/** Gives a folder and all in it to a user. */
export async function giveTo(uid: number, path: string): Promise<void> {
  await walk(path, {
    folder: async (handle) => {
      await handle.chown(uid, uid);
      await handle.chmod(0o755);
    },
    entry: (entry) => lchown(entry, uid, uid),
  });
}

/** Lets everybody who reaches a folder read all that is in it. */
export async function openForReading(path: string): Promise<void> {
  await walk(path, {
    folder: async (handle) => handle.chmod(0o755),
    entry: async (entry) => {
      const handle = await open(entry, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
        () => undefined,
      );
      // A link, or a socket.
      if (handle === undefined) return;
      try {
        const { mode } = await handle.stat();
        await handle.chmod((mode & 0o777) | ((mode & 0o100) === 0 ? 0o444 : 0o555));
      } finally {
        await handle.close();
      }
    },
  });
}

/**
 * Opens a file beneath a folder in which untrusted programs write, for reading, through no link at all: neither in the
 * last name nor in one before it.
 * @param path names divided by slashes; `..` and empty names are refused
 * @throws RunyardError `invalid_field_value` for such a path; the system's ENOENT, ELOOP or ENOTDIR
 */
export async function openBeneath(folder: string, path: string): Promise<FileHandle> {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..")) {
    throw new RunyardError("invalid_field_value", `Expected the path of a file in the folder, got "${path}".`);
  }
  const last = names.pop() ?? "";
  let at = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of names) {
      const next = await open(beneath(at, name), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      await at.close();
      at = next;
    }
    // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
    return await open(beneath(at, last), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } finally {
    await at.close();
  }
}

/** A name in an open folder: nobody can put another folder in its place. */
function beneath(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

async function walk(
  path: string,
  visit: { folder(handle: FileHandle): Promise<void>; entry(path: string): Promise<void> },
): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await visit.folder(handle);
    for (const entry of await readdir(beneath(handle, "."), { withFileTypes: true })) {
      const inside = beneath(handle, entry.name);
      if (entry.isDirectory()) await walk(inside, visit);
      else await visit.entry(inside);
    }
  } finally {
    await handle.close();
  }
}
