import { readdirSync, readFileSync } from "node:fs";
import { descriptors } from "./bubblewrap-arguments.ts";

const closeOnExec = 0o2000000;

/**
 * Descriptors above those of the launcher that whoever started this process left open, and that every child would get as
 * well. Node opens its own to be closed then, and does the same to low inherited ones, but not to all.
 */
export function inheritedDescriptors(): number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((descriptor) => descriptor > descriptors.hand && isInherited(descriptor));
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "";
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false;
  }
}
