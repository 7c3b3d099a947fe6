import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { descriptors } from "./bubblewrap-arguments.ts";

/** Says that it is there, waits for a line, and becomes the program. */
const script = `echo >&${descriptors.gate}; read -r _ <&${descriptors.gate} || exit 1; exec "$@" ${descriptors.gate}>&-`;

/**
 * The command that a sandbox is started with in the place of the program's own. bubblewrap asks the kernel to end it with
 * its parent, and does not look whether the parent has ended before it asked: without the gate, a program whose server dies
 * in the milliseconds of its start would run on, and nobody would know of it. The gate stands behind the asking, and a dead
 * server does not open it.
 */
export function gatedCommand(command: readonly string[]): string[] {
  return ["/bin/sh", "-c", script, "sh", ...command];
}

/** What the shell says when it cannot become the program; it exits with 126 or 127 then. */
export const gateComplaint = /^sh: .*\bexec: /;

/** Lets the program run as soon as its sandbox stands. */
export function openGate(child: ChildProcess): void {
  const gate: unknown = [...child.stdio][descriptors.gate];
  if (!(gate instanceof Socket)) return; // not even the shell could be started
  gate.on("error", () => undefined); // it died before; its exit says so
  gate.once("data", () => gate.end("\n"));
}
