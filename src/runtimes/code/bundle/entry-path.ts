import type { BundleLimits } from "./bundle-limits.ts";
import { invalidEntry } from "./invalid-bundle.ts";

const maxSegmentBytes = 255;

/**
 * Reads an entry's name into a path below the bundle's root: `a/b`, without `.` and doubled slashes, no slash at its end.
 *
 * @returns the empty string for the root itself
 * @throws `bundle_invalid` for a name that leads out, or means different things on different machines
 */
export function readEntryPath(name: string, limits: Pick<BundleLimits, "pathBytes" | "depth">): string {
  if (name === "") throw invalidEntry(name, "has an empty name.");
  checkCharacters(name, name, "name");
  if (name.startsWith("/") || /^[a-z]:/i.test(name)) {
    throw invalidEntry(name, "has an absolute name; names must be relative to the project.");
  }
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw invalidEntry(name, 'has ".." in its name; names must stay inside the project.');
  if (segments.length > limits.depth) {
    throw invalidEntry(name, `lies ${segments.length} folders deep; at most ${limits.depth} are allowed.`);
  }
  if (segments.some((segment) => Buffer.byteLength(segment) > maxSegmentBytes)) {
    throw invalidEntry(name, `has a name of more than ${maxSegmentBytes} bytes between two slashes.`);
  }
  const path = segments.join("/");
  if (Buffer.byteLength(path) > limits.pathBytes) {
    throw invalidEntry(name, `has a name of more than ${limits.pathBytes} bytes.`);
  }
  return path;
}

/**
 * Checks the text of a symbolic link; where it leads is for the tree to say.
 * @throws `bundle_invalid`
 */
export function checkLinkTarget(name: string, target: string, limits: Pick<BundleLimits, "pathBytes">): void {
  if (target === "") throw invalidEntry(name, "is a link without a target.");
  checkCharacters(name, target, "link target");
  if (target.startsWith("/") || /^[a-z]:/i.test(target)) {
    throw invalidEntry(name, "is a link to an absolute path; links must be relative and stay inside the project.");
  }
  if (Buffer.byteLength(target) > limits.pathBytes) {
    throw invalidEntry(name, `is a link with a target of more than ${limits.pathBytes} bytes.`);
  }
}

function checkCharacters(name: string, text: string, what: string): void {
  if (text.includes("\\")) throw invalidEntry(name, `has a backslash in its ${what}; use forward slashes.`);
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001F\u007F]/.test(text)) throw invalidEntry(name, `has a control character in its ${what}.`);
}
